% Property lists: {Key,Value} tuples, and atoms that stand for {Atom,true}.
-export([get_value/2, get_value/3, get_bool/2, lookup/2, lookup_all/2, get_all_values/2, append_values/2,
         is_defined/2, get_keys/1, delete/2, from_map/1, property/1, property/2, compact/1, unfold/1, split/2, to_map/1,
         substitute_aliases/2]).
get_value(K, L) -> get_value(K, L, undefined).
get_value(K, [P|Ps], D) ->
    if is_atom(P), P =:= K -> true;
       tuple_size(P) >= 1, element(1, P) =:= K ->
           case P of
               {_, V} -> V;
               _ -> D
           end;
       true -> get_value(K, Ps, D)
    end;
get_value(_, [], D) -> D.
get_bool(K, [P|Ps]) ->
    if is_atom(P), P =:= K -> true;
       tuple_size(P) >= 1, element(1, P) =:= K ->
           case P of
               {_, true} -> true;
               _ -> false
           end;
       true -> get_bool(K, Ps)
    end;
get_bool(_, []) -> false.
lookup(K, [P|Ps]) ->
    if is_atom(P), P =:= K -> {K, true};
       tuple_size(P) >= 1, element(1, P) =:= K -> P;
       true -> lookup(K, Ps)
    end;
lookup(_, []) -> none.
lookup_all(K, L) -> lookup_all(K, L, []).
lookup_all(K, [P|Ps], Acc) ->
    if is_atom(P), P =:= K -> lookup_all(K, Ps, [{K, true}|Acc]);
       tuple_size(P) >= 1, element(1, P) =:= K -> lookup_all(K, Ps, [P|Acc]);
       true -> lookup_all(K, Ps, Acc)
    end;
lookup_all(_, [], Acc) -> lists:reverse(Acc).
get_all_values(K, L) -> [V || {_, V} <- lookup_all(K, L)].
append_values(K, L) -> lists:append([to_list(V) || V <- get_all_values(K, L)]).
to_list(V) when is_list(V) -> V;
to_list(V) -> [V].
is_defined(K, L) -> lookup(K, L) =/= none.
get_keys(L) -> lists:usort([key(P) || P <- L, is_atom(P) orelse tuple_size(P) >= 1]).
key(P) when is_atom(P) -> P;
key(P) -> element(1, P).
delete(K, L) when is_list(L) -> [P || P <- L, not has_key(K, P)];
delete(K, L) -> no_clause(proplists, delete, [K, L]).
has_key(K, P) when is_atom(P) -> P =:= K;
has_key(K, P) when tuple_size(P) >= 1 -> element(1, P) =:= K;
has_key(_, _) -> false.
property(P) -> property2(P).
property2({K, true}) when is_atom(K) -> K;
property2(P) -> P.
property(K, V) -> property2({K, V}).
compact(L) -> [property2(P) || P <- L].
unfold(L) when is_list(L) -> [if is_atom(P) -> {P, true}; true -> P end || P <- L].
split(L, Ks) ->
    {[lists:reverse(lists:filter(fun(P) -> has_key(K, P) end, lists:reverse(L))) || K <- Ks],
     [P || P <- L, not lists:any(fun(K) -> has_key(K, P) end, Ks)]}.
from_map(M) -> maps:to_list(M).
to_map(L) -> maps:from_list(lists:reverse([{K, V} || {K, V} <- unfold(L)])).
substitute_aliases(As, L) ->
    [case P of
         K when is_atom(K) -> alias(K, As, K);
         T when tuple_size(T) >= 1 -> setelement(1, T, alias(element(1, T), As, element(1, T)));
         _ -> P
     end || P <- L].
alias(K, As, D) ->
    case lists:keyfind(K, 1, As) of
        {_, New} -> New;
        false -> D
    end.
