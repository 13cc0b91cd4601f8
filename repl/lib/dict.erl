% Dictionaries, here a tuple around an ordered map.
-export([new/0, from_list/1, to_list/1, is_key/2, size/1, is_empty/1, fetch/2, find/2, fetch_keys/1, take/2,
         erase/2, store/3, append/3, append_list/3, update/3, update/4, update_counter/3, fold/3, map/2,
         filter/2, merge/3]).
new() -> {dict, #{}}.
from_list(L) -> {dict, maps:from_list(L)}.
to_list({dict, M}) -> maps:to_list(M).
is_key(K, {dict, M}) -> is_map_key(K, M).
size({dict, M}) -> map_size(M).
is_empty({dict, M}) -> map_size(M) =:= 0.
fetch(K, {dict, M}) ->
    case M of
        #{K := V} -> V;
        #{} -> erlang:error(badarg)
    end.
find(K, {dict, M}) -> maps:find(K, M).
fetch_keys({dict, M}) -> maps:keys(M).
take(K, {dict, M}) ->
    case maps:take(K, M) of
        {V, Rest} -> {V, {dict, Rest}};
        error -> error
    end.
erase(K, {dict, M}) -> {dict, maps:remove(K, M)}.
store(K, V, {dict, M}) -> {dict, M#{K => V}}.
append(K, V, {dict, M}) -> {dict, M#{K => maps:get(K, M, []) ++ [V]}}.
append_list(K, Vs, {dict, M}) -> {dict, M#{K => maps:get(K, M, []) ++ Vs}}.
update(K, F, {dict, M} = D) -> {dict, M#{K => F(fetch(K, D))}}.
update(K, F, I, {dict, M}) -> {dict, maps:update_with(K, F, I, M)}.
update_counter(K, N, {dict, M}) -> {dict, M#{K => maps:get(K, M, 0) + N}}.
fold(F, A, {dict, M}) -> maps:fold(F, A, M).
map(F, {dict, M}) -> {dict, maps:map(F, M)}.
filter(F, {dict, M}) -> {dict, maps:filter(F, M)}.
merge(F, {dict, A}, {dict, B}) -> {dict, maps:merge_with(F, A, B)}.
