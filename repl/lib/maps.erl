% Maps, in the order of their keys.
-export([get/3, find/2, is_key/2, size/1, update/3, update_with/3, update_with/4, take/2, new/0, map/2,
         filter/2, filtermap/2, fold/3, foreach/2, iterator/1, next/1, merge_with/3, intersect/2,
         intersect_with/3, with/2, without/2, groups_from_list/2, groups_from_list/3]).
get(K, M, D) when is_map(M) ->
    case M of
        #{K := V} -> V;
        #{} -> D
    end;
get(_, M, _) -> erlang:error({badmap, M}).
find(K, M) when is_map(M) ->
    case M of
        #{K := V} -> {ok, V};
        #{} -> error
    end;
find(_, M) -> erlang:error({badmap, M}).
is_key(K, M) -> is_map_key(K, M).
size(M) -> map_size(M).
update(K, V, M) when is_map(M) ->
    case is_map_key(K, M) of
        true -> M#{K := V};
        false -> erlang:error({badkey, K})
    end;
update(_, _, M) -> erlang:error({badmap, M}).
update_with(K, F, M) when is_function(F, 1), is_map(M) ->
    case M of
        #{K := V} -> M#{K := F(V)};
        #{} -> erlang:error({badkey, K})
    end;
update_with(_, F, M) -> bad(F, 1, M).
update_with(K, F, I, M) when is_function(F, 1), is_map(M) ->
    case M of
        #{K := V} -> M#{K := F(V)};
        #{} -> M#{K => I}
    end;
update_with(_, F, _, M) -> bad(F, 1, M).
bad(F, N, M) when is_function(F, N) -> erlang:error({badmap, M});
bad(_, _, _) -> erlang:error(badarg).
take(K, M) when is_map(M) ->
    case M of
        #{K := V} -> {V, maps:remove(K, M)};
        #{} -> error
    end;
take(_, M) -> erlang:error({badmap, M}).
new() -> #{}.
map(F, I) when is_function(F, 2) -> maps:from_list([{K, F(K, V)} || {K, V} <- entries(I)]);
map(F, M) -> bad(F, 2, M).
filter(F, I) when is_function(F, 2) -> maps:from_list([P || P <- entries(I), keeps(F, P)]);
filter(F, M) -> bad(F, 2, M).
keeps(F, {K, V}) ->
    case F(K, V) of
        true -> true;
        false -> false
    end.
filtermap(F, M) when is_function(F, 2) ->
    maps:from_list(lists:filtermap(fun({K, V}) ->
        case F(K, V) of
            true -> true;
            {true, New} -> {true, {K, New}};
            false -> false
        end
    end, entries(M)));
filtermap(F, M) -> bad(F, 2, M).
fold(F, A, M) when is_function(F, 3) -> lists:foldl(fun({K, V}, Acc) -> F(K, V, Acc) end, A, entries(M));
fold(F, _, M) -> bad(F, 3, M).
foreach(F, M) when is_function(F, 2) -> lists:foreach(fun({K, V}) -> F(K, V) end, entries(M));
foreach(F, M) -> bad(F, 2, M).
entries(M) when is_map(M) -> maps:to_list(M);
entries([0|M]) when is_map(M) -> maps:to_list(M);
entries(I) -> entries(I, I, []).
entries({K, V, Next}, I, Acc) -> entries(Next, I, [{K, V}|Acc]);
entries(none, _, Acc) -> lists:reverse(Acc);
entries(_, I, _) -> erlang:error({badmap, I}).
iterator(M) when is_map(M) -> [0|M];
iterator(M) -> erlang:error({badmap, M}).
next([0|M]) when is_map(M) -> lists:foldr(fun({K, V}, Next) -> {K, V, Next} end, none, maps:to_list(M));
next({_, _, _} = Next) -> Next;
next(none) -> none;
next(_) -> erlang:error(badarg).
merge_with(F, A, B) when is_function(F, 3), is_map(A), is_map(B) ->
    lists:foldl(fun({K, V2}, M) ->
        case M of
            #{K := V1} -> M#{K := F(K, V1, V2)};
            #{} -> M#{K => V2}
        end
    end, A, maps:to_list(B));
merge_with(F, A, B) ->
    if not is_map(A) -> erlang:error({badmap, A});
       not is_map(B) -> erlang:error({badmap, B});
       true -> bad(F, 3, A)
    end.
intersect(A, B) when is_map(A), is_map(B) -> maps:from_list([{K, V} || {K, V} <- maps:to_list(B), is_map_key(K, A)]);
intersect(A, B) when is_map(A) -> erlang:error({badmap, B});
intersect(A, _) -> erlang:error({badmap, A}).
intersect_with(F, A, B) when is_function(F, 3), is_map(A), is_map(B) ->
    maps:from_list([{K, F(K, map_get(K, A), V)} || {K, V} <- maps:to_list(B), is_map_key(K, A)]);
intersect_with(F, A, B) when is_map(A) -> bad(F, 3, B);
intersect_with(F, A, _) -> bad(F, 3, A).
with(Ks, M) when is_list(Ks), is_map(M) -> maps:from_list([{K, map_get(K, M)} || K <- Ks, is_map_key(K, M)]);
with(_, M) when not is_map(M) -> erlang:error({badmap, M});
with(_, _) -> erlang:error(badarg).
without(Ks, M) when is_list(Ks), is_map(M) -> lists:foldl(fun(K, Acc) -> maps:remove(K, Acc) end, M, Ks);
without(_, M) when not is_map(M) -> erlang:error({badmap, M});
without(_, _) -> erlang:error(badarg).
groups_from_list(F, L) -> groups_from_list(F, fun(X) -> X end, L).
groups_from_list(F, V, L) when is_function(F, 1), is_function(V, 1), is_list(L) ->
    lists:foldr(fun(X, M) ->
        K = F(X),
        M#{K => [V(X)|get(K, M, [])]}
    end, #{}, L);
groups_from_list(_, _, _) -> erlang:error(badarg).
