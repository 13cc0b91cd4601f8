% Double-ended queues: {Rear,Front}, as Erlang's.
-export([new/0, is_queue/1, is_empty/1, len/1, to_list/1, from_list/1, member/2, in/2, in_r/2, out/1,
         out_r/1, get/1, get_r/1, peek/1, peek_r/1, drop/1, drop_r/1, reverse/1, join/2, split/2, filter/2,
         fold/3, any/2, all/2, cons/2, head/1, tail/1, snoc/2, last/1, daeh/1, init/1]).
new() -> {[], []}.
is_queue({R, F}) when is_list(R), is_list(F) -> true;
is_queue(_) -> false.
is_empty({[], []}) -> true;
is_empty({R, F}) when is_list(R), is_list(F) -> false;
is_empty(_) -> erlang:error(badarg).
len({R, F}) when is_list(R), is_list(F) -> length(R) + length(F);
len(_) -> erlang:error(badarg).
to_list({R, F}) when is_list(R), is_list(F) -> F ++ lists:reverse(R);
to_list(_) -> erlang:error(badarg).
from_list(L) when is_list(L) -> f2r(L);
from_list(_) -> erlang:error(badarg).
member(X, {R, F}) when is_list(R), is_list(F) -> lists:member(X, R) orelse lists:member(X, F);
member(_, _) -> erlang:error(badarg).
in(X, {[_] = R, []}) -> {[X], R};
in(X, {R, F}) when is_list(R), is_list(F) -> {[X|R], F};
in(_, _) -> erlang:error(badarg).
in_r(X, {[], [_] = F}) -> {F, [X]};
in_r(X, {R, F}) when is_list(R), is_list(F) -> {R, [X|F]};
in_r(_, _) -> erlang:error(badarg).
out({[], []} = Q) -> {empty, Q};
out({[V], []}) -> {{value, V}, {[], []}};
out({[Y|R], []}) ->
    [V|F] = lists:reverse(R),
    {{value, V}, {[Y], F}};
out({R, [V]}) when is_list(R) -> {{value, V}, r2f(R)};
out({R, [V|F]}) when is_list(R) -> {{value, V}, {R, F}};
out(_) -> erlang:error(badarg).
out_r({[], []} = Q) -> {empty, Q};
out_r({[], [V]}) -> {{value, V}, {[], []}};
out_r({[], [Y|F]}) ->
    [V|R] = lists:reverse(F),
    {{value, V}, {R, [Y]}};
out_r({[V], F}) when is_list(F) -> {{value, V}, f2r(F)};
out_r({[V|R], F}) when is_list(F) -> {{value, V}, {R, F}};
out_r(_) -> erlang:error(badarg).
get(Q) ->
    case out(Q) of
        {{value, V}, _} -> V;
        {empty, _} -> erlang:error(empty)
    end.
get_r(Q) ->
    case out_r(Q) of
        {{value, V}, _} -> V;
        {empty, _} -> erlang:error(empty)
    end.
peek({[], []}) -> empty;
peek(Q) -> {value, get(Q)}.
peek_r({[], []}) -> empty;
peek_r(Q) -> {value, get_r(Q)}.
drop(Q) ->
    case out(Q) of
        {{value, _}, Q1} -> Q1;
        {empty, _} -> erlang:error(empty)
    end.
drop_r(Q) ->
    case out_r(Q) of
        {{value, _}, Q1} -> Q1;
        {empty, _} -> erlang:error(empty)
    end.
reverse({R, F}) when is_list(R), is_list(F) -> {F, R};
reverse(_) -> erlang:error(badarg).
join({R1, F1}, {R2, F2}) -> {R2, F1 ++ lists:reverse(R1, F2)};
join(_, _) -> erlang:error(badarg).
split(N, Q) ->
    {A, B} = lists:split(N, to_list(Q)),
    {f2r(A), f2r(B)}.
filter(P, Q) -> f2r(lists:filter(P, to_list(Q))).
fold(F, A, Q) -> lists:foldl(F, A, to_list(Q)).
any(P, Q) -> lists:any(P, to_list(Q)).
all(P, Q) -> lists:all(P, to_list(Q)).
cons(X, Q) -> in_r(X, Q).
head(Q) -> get(Q).
tail(Q) -> drop(Q).
snoc(Q, X) -> in(X, Q).
last(Q) -> get_r(Q).
daeh(Q) -> get_r(Q).
init(Q) -> drop_r(Q).
r2f([]) -> {[], []};
r2f([_] = R) -> {[], R};
r2f([Y, X]) -> {[Y], [X]};
r2f(L) ->
    {R, F} = lists:split(length(L) div 2, L),
    {R, lists:reverse(F)}.
f2r([]) -> {[], []};
f2r([_] = F) -> {F, []};
f2r([X, Y]) -> {[Y], [X]};
f2r(L) ->
    {F, R} = lists:split(length(L) div 2, L),
    {lists:reverse(R), F}.
