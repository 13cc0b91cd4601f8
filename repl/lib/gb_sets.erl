% Sorted sets; here a tuple around a sorted list.
-export([new/0, empty/0, from_list/1, from_ordset/1, to_list/1, size/1, is_empty/1, is_member/2,
         is_element/2, add/2, add_element/2, insert/2, delete/2, delete_any/2, del_element/2, union/2,
         intersection/2, subtract/2, difference/2, is_subset/2, smallest/1, largest/1, take_smallest/1,
         fold/3, filter/2]).
new() -> {gb_set, []}.
empty() -> {gb_set, []}.
from_list(L) -> {gb_set, lists:usort(L)}.
from_ordset(L) -> {gb_set, L}.
to_list({gb_set, L}) -> L.
size({gb_set, L}) -> length(L).
is_empty({gb_set, L}) -> L =:= [].
is_member(E, {gb_set, L}) -> ordsets:is_element(E, L).
is_element(E, S) -> is_member(E, S).
add(E, {gb_set, L}) -> {gb_set, lists:umerge(L, [E])}.
add_element(E, S) -> add(E, S).
insert(E, {gb_set, L} = S) ->
    case is_member(E, S) of
        true -> erlang:error({key_exists, E});
        false -> {gb_set, lists:umerge(L, [E])}
    end.
delete(E, S) ->
    case is_member(E, S) of
        true -> delete_any(E, S);
        false -> erlang:error(function_clause)
    end.
delete_any(E, {gb_set, L}) -> {gb_set, ordsets:del_element(E, L)}.
del_element(E, S) -> delete_any(E, S).
union({gb_set, A}, {gb_set, B}) -> {gb_set, lists:umerge(A, B)}.
intersection({gb_set, A}, {gb_set, B}) -> {gb_set, ordsets:intersection(A, B)}.
subtract({gb_set, A}, {gb_set, B}) -> {gb_set, ordsets:subtract(A, B)}.
difference(A, B) -> subtract(A, B).
is_subset({gb_set, A}, {gb_set, B}) -> ordsets:is_subset(A, B).
smallest({gb_set, [E|_]}) -> E.
largest({gb_set, L}) -> lists:last(L).
take_smallest({gb_set, [E|L]}) -> {E, {gb_set, L}}.
fold(F, A, {gb_set, L}) -> lists:foldl(F, A, L).
filter(F, {gb_set, L}) -> {gb_set, lists:filter(F, L)}.
