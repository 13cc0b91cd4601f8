% Conversions and waiting; timers that fire later are not offered.
-export([seconds/1, minutes/1, hours/1, hms/3, now_diff/2, sleep/1, tc/1, tc/2, tc/3]).
seconds(N) -> 1000 * N.
minutes(N) -> 60000 * N.
hours(N) -> 3600000 * N.
hms(H, M, S) -> hours(H) + minutes(M) + seconds(S).
now_diff({A2, B2, C2}, {A1, B1, C1}) -> ((A2 - A1) * 1000000 + B2 - B1) * 1000000 + C2 - C1.
sleep(T) ->
    receive
    after T -> ok
    end.
tc(F) -> tc(F, []).
tc(F, As) when is_list(As) ->
    T1 = erlang:monotonic_time(microsecond),
    V = apply(F, As),
    {erlang:monotonic_time(microsecond) - T1, V}.
tc(M, F, As) ->
    T1 = erlang:monotonic_time(microsecond),
    V = apply(M, F, As),
    {erlang:monotonic_time(microsecond) - T1, V}.
