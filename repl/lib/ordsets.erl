% Sets as sorted lists without duplicates.
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
