% Dictionaries as lists of pairs, sorted by key.
-export([new/0, is_key/2, to_list/1, from_list/1, size/1, is_empty/1, fetch/2, find/2, fetch_keys/1, take/2,
         erase/2, store/3, append/3, append_list/3, update/3, update/4, update_counter/3, fold/3, map/2,
         filter/2, merge/3]).
new() -> [].
is_key(K, D) -> lists:keymember(K, 1, D).
to_list(D) -> D.
from_list(L) -> lists:foldl(fun({K, V}, D) -> store(K, V, D) end, [], L).
size(D) -> length(D).
is_empty(D) -> D =:= [].
fetch(K, D) ->
    case lists:keyfind(K, 1, D) of
        {_, V} -> V;
        false -> '$lib':no_clause(orddict, fetch, [K, []])
    end.
find(K, D) ->
    case lists:keyfind(K, 1, D) of
        {_, V} -> {ok, V};
        false -> error
    end.
fetch_keys(D) -> [K || {K, _} <- D].
take(K, D) ->
    case lists:keytake(K, 1, D) of
        {value, {_, V}, Rest} -> {V, Rest};
        false -> error
    end.
erase(K, D) -> lists:keydelete(K, 1, D).
store(K, V, D) -> lists:keysort(1, lists:keystore(K, 1, D, {K, V})).
append(K, V, D) -> append_list(K, [V], D).
append_list(K, Vs, D) ->
    case find(K, D) of
        {ok, Old} -> store(K, Old ++ Vs, D);
        error -> store(K, Vs, D)
    end.
update(K, F, D) -> store(K, F(fetch(K, D)), D).
update(K, F, I, D) ->
    case find(K, D) of
        {ok, V} -> store(K, F(V), D);
        error -> store(K, I, D)
    end.
update_counter(K, N, D) -> update(K, fun(V) -> V + N end, N, D).
fold(F, A, D) -> lists:foldl(fun({K, V}, Acc) -> F(K, V, Acc) end, A, D).
map(F, D) -> [{K, F(K, V)} || {K, V} <- D].
filter(F, D) -> [{K, V} || {K, V} <- D, F(K, V)].
merge(F, A, B) ->
    lists:foldl(fun({K, V2}, D) ->
        case find(K, D) of
            {ok, V1} -> store(K, F(K, V1, V2), D);
            error -> store(K, V2, D)
        end
    end, A, B).
