% Sets as sorted lists without duplicates.
-export([new/0, is_set/1, size/1, is_empty/1, to_list/1, from_list/1, is_element/2, add_element/2,
         del_element/2, union/2, union/1, intersection/2, intersection/1, is_disjoint/2, subtract/2,
         is_subset/2, is_equal/2, fold/3, filter/2, map/2]).
new() -> [].
is_set(L) when is_list(L) -> L =:= lists:usort(L);
is_set(_) -> false.
size(S) -> length(S).
is_empty(S) -> S =:= [].
to_list(S) -> S.
from_list(L) -> lists:usort(L).
is_element(E, S) -> lists:any(fun(X) -> X == E end, S).
add_element(E, S) -> lists:umerge(S, [E]).
del_element(E, S) -> [X || X <- S, X /= E].
union(A, B) -> lists:umerge(A, B).
union(Ss) -> lists:usort(lists:append(Ss)).
intersection(A, B) -> [X || X <- A, is_element(X, B)].
intersection([S|Ss]) -> lists:foldl(fun(X, Acc) -> intersection(Acc, X) end, S, Ss).
is_disjoint(A, B) -> intersection(A, B) =:= [].
subtract(A, B) -> [X || X <- A, not is_element(X, B)].
is_subset(A, B) -> lists:all(fun(X) -> is_element(X, B) end, A).
is_equal(A, B) -> A == B.
fold(F, A, S) -> lists:foldl(F, A, S).
filter(F, S) -> lists:filter(F, S).
map(F, S) -> lists:usort(lists:map(F, S)).
