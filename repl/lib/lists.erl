% Lists. Loops carry what they have built, so that they need no depth; where a
% call has no clause, its name and arguments are those that Erlang reports.
-export([reverse/1, append/1, nth/2, nthtail/2, prefix/2, suffix/2, droplast/1, last/1, sum/1, min/1, max/1,
         sublist/3, sublist/2, delete/2, zip/2, unzip/1, zip3/3, unzip3/1, zipwith/3, zipwith3/4, concat/1,
         flatlength/1, keydelete/3, keyreplace/4, keytake/3, keystore/4, keymap/3, keymerge/3, ukeymerge/3,
         enumerate/1, enumerate/2, uniq/1, uniq/2, join/2, split/2, merge/1, merge/2, merge/3, merge3/3,
         umerge/1, umerge/2, umerge/3, umerge3/3, all/2, any/2, map/2, flatmap/2, foldl/3, foldr/3, filter/2,
         partition/2, filtermap/2, foreach/2, mapfoldl/3, mapfoldr/3, takewhile/2, dropwhile/2, splitwith/2,
         search/2, zf/2]).
reverse([]) -> [];
reverse([_] = L) -> L;
reverse([A, B]) -> [B, A];
reverse([A, B|T]) -> lists:reverse(T, [B, A]).
append([]) -> [];
append([E]) -> E;
append([_|_] = Ls) -> append_1(lists:reverse(Ls));
append(L) -> no_clause(lists, append, [L]).
append_1([Last|Ls]) -> foldl(fun(L, Acc) -> L ++ Acc end, Last, Ls).
nth(1, [H|_]) -> H;
nth(N, [_|T]) when N > 1 -> nth(N - 1, T).
nthtail(1, [_|T]) -> T;
nthtail(N, [_|T]) when N > 1 -> nthtail(N - 1, T);
nthtail(0, L) when is_list(L) -> L.
prefix([X|Xs], [X|Ys]) -> prefix(Xs, Ys);
prefix([], L) when is_list(L) -> true;
prefix([_|_], L) when is_list(L) -> false.
suffix(S, L) ->
    D = length(L) - length(S),
    D >= 0 andalso nthtail(D, L) =:= S.
droplast([_|_] = L) -> lists:reverse(tl(lists:reverse(L))).
last([E|Es]) -> last(E, Es).
last(_, [E|Es]) -> last(E, Es);
last(E, []) -> E.
sum(L) -> sum(L, 0).
sum([H|T], S) -> sum(T, S + H);
sum([], S) -> S.
min([H|T]) -> min(T, H).
min([H|T], M) when H < M -> min(T, H);
min([_|T], M) -> min(T, M);
min([], M) -> M.
max([H|T]) -> max(T, H).
max([H|T], M) when H > M -> max(T, H);
max([_|T], M) -> max(T, M);
max([], M) -> M.
sublist(L, 1, N) when is_list(L), is_integer(N), N >= 0 -> sublist(L, N);
sublist([], S, _) when is_integer(S), S >= 2 -> [];
sublist([_|T], S, N) when is_integer(S), S >= 2 -> sublist(T, S - 1, N).
sublist(L, N) when is_integer(N), is_list(L) -> sublist_2(L, N).
sublist_2(L, N) when N >= 0 -> take(L, N, []).
take([H|T], N, Acc) when N > 0 -> take(T, N - 1, [H|Acc]);
take(_, _, Acc) -> lists:reverse(Acc).
delete(E, L) when is_list(L) -> delete(E, L, L, []);
delete(E, L) -> no_clause(lists, delete, [E, L]).
delete(E, [E|T], _, Acc) -> lists:reverse(Acc, T);
delete(E, [H|T], L, Acc) -> delete(E, T, L, [H|Acc]);
delete(_, [], L, _) -> L.
zip(Xs, Ys) -> zip(Xs, Ys, []).
zip([X|Xs], [Y|Ys], Acc) -> zip(Xs, Ys, [{X, Y}|Acc]);
zip([], [], Acc) -> lists:reverse(Acc);
zip(Xs, Ys, _) -> no_clause(lists, zip, [Xs, Ys]).
unzip(L) -> unzip(L, [], []).
unzip([{X, Y}|T], Xs, Ys) -> unzip(T, [X|Xs], [Y|Ys]);
unzip([], Xs, Ys) -> {lists:reverse(Xs), lists:reverse(Ys)}.
zip3(Xs, Ys, Zs) -> zip3(Xs, Ys, Zs, []).
zip3([X|Xs], [Y|Ys], [Z|Zs], Acc) -> zip3(Xs, Ys, Zs, [{X, Y, Z}|Acc]);
zip3([], [], [], Acc) -> lists:reverse(Acc);
zip3(Xs, Ys, Zs, _) -> no_clause(lists, zip3, [Xs, Ys, Zs]).
unzip3(L) -> unzip3(L, [], [], []).
unzip3([{X, Y, Z}|T], Xs, Ys, Zs) -> unzip3(T, [X|Xs], [Y|Ys], [Z|Zs]);
unzip3([], Xs, Ys, Zs) -> {lists:reverse(Xs), lists:reverse(Ys), lists:reverse(Zs)}.
zipwith(F, Xs, Ys) -> zipwith(F, Xs, Ys, []).
zipwith(F, [X|Xs], [Y|Ys], Acc) -> zipwith(F, Xs, Ys, [F(X, Y)|Acc]);
zipwith(F, [], [], Acc) when is_function(F, 2) -> lists:reverse(Acc);
zipwith(F, Xs, Ys, _) -> no_clause(lists, zipwith, [F, Xs, Ys]).
zipwith3(F, Xs, Ys, Zs) -> [F(X, Y, Z) || {X, Y, Z} <- zip3(Xs, Ys, Zs)].
concat(L) -> flatmap(fun(X) -> thing_to_list(X) end, L).
thing_to_list(X) when is_integer(X) -> integer_to_list(X);
thing_to_list(X) when is_float(X) -> float_to_list(X);
thing_to_list(X) when is_atom(X) -> atom_to_list(X);
thing_to_list(X) when is_list(X) -> X.
flatlength(L) -> length(flatten(L)).
keydelete(K, N, L) when is_integer(N), N > 0 -> keydelete3(K, N, L, L, []).
keydelete3(K, N, [H|T], _, Acc) when element(N, H) == K -> lists:reverse(Acc, T);
keydelete3(K, N, [H|T], L, Acc) -> keydelete3(K, N, T, L, [H|Acc]);
keydelete3(_, _, [], L, _) -> L;
keydelete3(K, N, T, _, _) -> no_clause(lists, keydelete3, [K, N, T]).
keyreplace(K, N, L, New) when is_integer(N), N > 0, is_tuple(New) -> keyreplace3(K, N, L, New, L, []).
keyreplace3(K, N, [H|T], New, _, Acc) when element(N, H) == K -> lists:reverse(Acc, [New|T]);
keyreplace3(K, N, [H|T], New, L, Acc) -> keyreplace3(K, N, T, New, L, [H|Acc]);
keyreplace3(_, _, [], _, L, _) -> L;
keyreplace3(K, N, T, New, _, _) -> no_clause(lists, keyreplace3, [K, N, T, New]).
keytake(K, N, L) when is_integer(N), N > 0 -> keytake(K, N, L, []).
keytake(K, N, [H|T], Acc) when element(N, H) == K -> {value, H, lists:reverse(Acc, T)};
keytake(K, N, [H|T], Acc) -> keytake(K, N, T, [H|Acc]);
keytake(_, _, [], _) -> false.
keystore(K, N, L, New) when is_integer(N), N > 0, is_tuple(New) -> keystore2(K, N, L, New, []).
keystore2(K, N, [H|T], New, Acc) when element(N, H) == K -> lists:reverse(Acc, [New|T]);
keystore2(K, N, [H|T], New, Acc) -> keystore2(K, N, T, New, [H|Acc]);
keystore2(_, _, [], New, Acc) -> lists:reverse(Acc, [New]);
keystore2(K, N, T, New, _) -> no_clause(lists, keystore2, [K, N, T, New]).
keymap(F, N, L) when is_list(L) -> keymap(F, N, L, []).
keymap(F, N, [H|T], Acc) -> keymap(F, N, T, [setelement(N, H, F(element(N, H)))|Acc]);
keymap(_, _, [], Acc) -> lists:reverse(Acc).
keymerge(N, L1, L2) when is_integer(N), N > 0 ->
    merge(fun(A, B) -> element(N, A) =< element(N, B) end, L1, L2).
ukeymerge(N, L1, L2) when is_integer(N), N > 0 -> lists:ukeysort(N, L1 ++ L2).
enumerate(L) -> enumerate(1, 1, L).
enumerate(I, L) -> enumerate(I, 1, L).
enumerate(I, S, L) when is_integer(I), is_integer(S) -> enumerate(I, S, L, []).
enumerate(I, S, [H|T], Acc) -> enumerate(I + S, S, T, [{I, H}|Acc]);
enumerate(_, _, [], Acc) -> lists:reverse(Acc).
uniq(L) -> uniq_1(L, #{}, []).
uniq_1([H|T], Seen, Acc) ->
    case is_map_key(H, Seen) of
        true -> uniq_1(T, Seen, Acc);
        false -> uniq_1(T, Seen#{H => true}, [H|Acc])
    end;
uniq_1([], _, Acc) -> lists:reverse(Acc);
uniq_1(L, Seen, _) -> no_clause(lists, uniq_1, [L, Seen]).
uniq(F, L) when is_function(F, 1) -> uniq_2(L, F, #{}, []).
uniq_2([H|T], F, Seen, Acc) ->
    K = F(H),
    case is_map_key(K, Seen) of
        true -> uniq_2(T, F, Seen, Acc);
        false -> uniq_2(T, F, Seen#{K => true}, [H|Acc])
    end;
uniq_2([], _, _, Acc) -> lists:reverse(Acc).
join(_, []) -> [];
join(Sep, [H|T]) -> [H|flatmap(fun(X) -> [Sep, X] end, T)].
split(N, L) when is_integer(N), N >= 0, is_list(L) -> split(N, L, N, L, []);
split(N, L) -> erlang:error(badarg, [N, L]).
split(0, L, _, _, R) -> {lists:reverse(R), L};
split(N, [H|T], N0, L0, R) -> split(N - 1, T, N0, L0, [H|R]);
split(_, _, N0, L0, _) -> erlang:error(badarg, [N0, L0]).
merge(Ls) when is_list(Ls) -> lists:sort(append(Ls));
merge(Ls) -> no_clause(lists, mergel, [Ls, []]).
merge(L1, L2) when not is_list(L1); not is_list(L2) -> no_clause(lists, merge, [L1, L2]);
merge(L1, L2) -> merge_1(fun(A, B) -> A =< B end, L1, L2, []).
merge(F, L1, L2) when is_function(F, 2) -> merge_1(F, L1, L2, []).
merge_1(F, [A|As] = L1, [B|Bs] = L2, Acc) ->
    case F(A, B) of
        true -> merge_1(F, As, L2, [A|Acc]);
        false -> merge_1(F, L1, Bs, [B|Acc])
    end;
merge_1(_, [], L2, Acc) when is_list(L2) -> lists:reverse(Acc, L2);
merge_1(_, L1, [], Acc) when is_list(L1) -> lists:reverse(Acc, L1).
merge3(A, B, C) -> merge(merge(A, B), C).
umerge(Ls) -> lists:usort(append(Ls)).
umerge(L1, L2) -> lists:usort(L1 ++ L2).
umerge(F, L1, L2) when is_function(F, 2) -> lists:usort(F, L1 ++ L2).
umerge3(A, B, C) -> lists:usort(A ++ B ++ C).
all(P, L) when is_function(P, 1) ->
    case L of
        [_|_] -> all_1(P, L);
        [] -> true
    end.
all_1(P, [H|T]) ->
    case P(H) of
        true -> all_1(P, T);
        false -> false
    end;
all_1(_, []) -> true.
any(P, L) when is_function(P, 1) ->
    case L of
        [_|_] -> any_1(P, L);
        [] -> false
    end.
any_1(P, [H|T]) ->
    case P(H) of
        true -> true;
        false -> any_1(P, T)
    end;
any_1(_, []) -> false.
map(F, L) when is_function(F, 1) ->
    case L of
        [_|_] -> map_1(F, L, []);
        [] -> []
    end.
map_1(F, [H|T], Acc) -> map_1(F, T, [F(H)|Acc]);
map_1(_, [], Acc) -> lists:reverse(Acc);
map_1(F, T, _) -> no_clause(lists, map_1, [F, T]).
flatmap(_, []) -> [];
flatmap(F, L) when is_function(F, 1) -> flatmap_1(F, L, []);
flatmap(F, L) -> no_clause(lists, flatmap, [F, L]).
flatmap_1(F, [H|T], Acc) -> flatmap_1(F, T, [F(H)|Acc]);
flatmap_1(_, [], Acc) -> append_1(Acc);
flatmap_1(F, T, _) -> no_clause(lists, flatmap_1, [F, T]).
foldl(F, A, L) when is_function(F, 2) ->
    case L of
        [_|_] -> foldl_1(F, A, L);
        [] -> A
    end.
foldl_1(F, A, [H|T]) -> foldl_1(F, F(H, A), T);
foldl_1(_, A, []) -> A.
foldr(F, A, L) when is_function(F, 2), is_list(L) -> foldl_1(F, A, lists:reverse(L));
foldr(F, A, L) when is_function(F, 2) -> no_clause(lists, foldr_1, [F, A, L]);
foldr(F, A, L) -> no_clause(lists, foldr, [F, A, L]).
filter(P, L) when is_function(P, 1) -> [X || X <- L, P(X)].
partition(P, L) when is_function(P, 1) -> partition(P, L, [], []).
partition(P, [H|T], As, Bs) ->
    case P(H) of
        true -> partition(P, T, [H|As], Bs);
        false -> partition(P, T, As, [H|Bs])
    end;
partition(_, [], As, Bs) -> {lists:reverse(As), lists:reverse(Bs)}.
filtermap(F, L) when is_function(F, 1) -> filtermap_1(F, L, []);
filtermap(F, L) -> no_clause(lists, filtermap, [F, L]).
filtermap_1(F, [H|T], Acc) ->
    case F(H) of
        true -> filtermap_1(F, T, [H|Acc]);
        {true, V} -> filtermap_1(F, T, [V|Acc]);
        false -> filtermap_1(F, T, Acc)
    end;
filtermap_1(_, [], Acc) -> lists:reverse(Acc);
filtermap_1(F, T, _) -> no_clause(lists, filtermap_1, [F, T]).
foreach(F, L) when is_function(F, 1) -> foreach_1(F, L).
foreach_1(F, [H|T]) ->
    F(H),
    foreach_1(F, T);
foreach_1(_, []) -> ok.
mapfoldl(F, A, L) when is_function(F, 2) -> mapfoldl_1(F, A, L, []).
mapfoldl_1(F, A, [H|T], Acc) ->
    {R, A1} = F(H, A),
    mapfoldl_1(F, A1, T, [R|Acc]);
mapfoldl_1(_, A, [], Acc) -> {lists:reverse(Acc), A};
mapfoldl_1(F, A, L, _) -> no_clause(lists, mapfoldl_1, [F, A, L]).
mapfoldr(F, A, L) when is_function(F, 2), not is_list(L) -> no_clause(lists, mapfoldr_1, [F, A, L]);
mapfoldr(F, A, L) when is_function(F, 2) ->
    {R, A1} = mapfoldl(F, A, lists:reverse(L)),
    {lists:reverse(R), A1}.
takewhile(P, L) when is_function(P, 1) -> takewhile_1(P, L, []).
takewhile_1(P, [H|T], Acc) ->
    case P(H) of
        true -> takewhile_1(P, T, [H|Acc]);
        false -> lists:reverse(Acc)
    end;
takewhile_1(_, [], Acc) -> lists:reverse(Acc).
dropwhile(P, L) when is_function(P, 1) -> dropwhile_1(P, L).
dropwhile_1(P, [H|T] = L) ->
    case P(H) of
        true -> dropwhile_1(P, T);
        false -> L
    end;
dropwhile_1(_, []) -> [].
splitwith(P, L) when is_function(P, 1) -> splitwith(P, L, []).
splitwith(P, [H|T], Acc) ->
    case P(H) of
        true -> splitwith(P, T, [H|Acc]);
        false -> {lists:reverse(Acc), [H|T]}
    end;
splitwith(_, [], Acc) -> {lists:reverse(Acc), []}.
search(P, L) when is_function(P, 1) -> search_1(P, L).
search_1(P, [H|T]) ->
    case P(H) of
        true -> {value, H};
        false -> search_1(P, T)
    end;
search_1(_, []) -> false.
zf(F, L) -> filtermap(F, L).
no_clause(M, F, Args) -> '$lib':no_clause(M, F, Args).
