% Sorted dictionaries; here a tuple around a list of pairs, sorted by key.
-export([empty/0, from_orddict/1, to_list/1, size/1, is_empty/1, is_defined/2, keys/1, values/1, lookup/2,
         get/2, insert/3, enter/3, update/3, delete/2, delete_any/2, smallest/1, largest/1, map/2]).
empty() -> {gb_tree, []}.
from_orddict(L) -> {gb_tree, L}.
to_list({gb_tree, L}) -> L.
size({gb_tree, L}) -> length(L).
is_empty({gb_tree, L}) -> L =:= [].
is_defined(K, {gb_tree, L}) -> lists:keymember(K, 1, L).
keys({gb_tree, L}) -> [K || {K, _} <- L].
values({gb_tree, L}) -> [V || {_, V} <- L].
lookup(K, {gb_tree, L}) ->
    case lists:keyfind(K, 1, L) of
        {_, V} -> {value, V};
        false -> none
    end.
get(K, T) ->
    {value, V} = lookup(K, T),
    V.
insert(K, V, {gb_tree, L} = T) ->
    case is_defined(K, T) of
        true -> erlang:error({key_exists, K});
        false -> {gb_tree, orddict:store(K, V, L)}
    end.
enter(K, V, {gb_tree, L}) -> {gb_tree, orddict:store(K, V, L)}.
update(K, V, {gb_tree, L} = T) ->
    true = is_defined(K, T),
    {gb_tree, orddict:store(K, V, L)}.
delete(K, {gb_tree, L} = T) ->
    true = is_defined(K, T),
    {gb_tree, orddict:erase(K, L)}.
delete_any(K, {gb_tree, L}) -> {gb_tree, orddict:erase(K, L)}.
smallest({gb_tree, [KV|_]}) -> KV.
largest({gb_tree, L}) -> lists:last(L).
map(F, {gb_tree, L}) -> {gb_tree, orddict:map(F, L)}.
