% Dates of the Gregorian calendar from year 0 on.
-export([is_leap_year/1, last_day_of_the_month/2, valid_date/1, valid_date/3, date_to_gregorian_days/1,
         date_to_gregorian_days/3, gregorian_days_to_date/1, datetime_to_gregorian_seconds/1,
         gregorian_seconds_to_datetime/1, time_to_seconds/1, seconds_to_time/1, seconds_to_daystime/1,
         day_of_the_week/1, day_of_the_week/3, time_difference/2, iso_week_number/1,
         system_time_to_universal_time/2, now_to_universal_time/1, now_to_datetime/1, universal_time/0,
         local_time/0, system_time_to_rfc3339/1]).
is_leap_year(Y) when is_integer(Y), Y >= 0 -> Y rem 4 =:= 0 andalso Y rem 100 > 0 orelse Y rem 400 =:= 0.
last_day_of_the_month(Y, 2) ->
    case is_leap_year(Y) of
        true -> 29;
        false -> 28
    end;
last_day_of_the_month(_, M) when M =:= 4; M =:= 6; M =:= 9; M =:= 11 -> 30;
last_day_of_the_month(_, M) when is_integer(M), M > 0, M < 13 -> 31.
valid_date({Y, M, D}) -> valid_date(Y, M, D).
valid_date(Y, M, D) when is_integer(Y), is_integer(M), is_integer(D), Y >= 0, M > 0, M < 13, D > 0 ->
    D =< last_day_of_the_month(Y, M);
valid_date(_, _, _) -> false.
date_to_gregorian_days({Y, M, D}) -> date_to_gregorian_days(Y, M, D).
date_to_gregorian_days(Y, M, D) when is_integer(D), D > 0 ->
    true = valid_date(Y, M, D),
    days_before_year(Y) + days_before_month(Y, M) + D - 1.
days_before_year(0) -> 0;
days_before_year(Y) -> Y * 365 + (Y - 1) div 4 - (Y - 1) div 100 + (Y - 1) div 400 + 1.
days_before_month(Y, M) -> lists:sum([last_day_of_the_month(Y, I) || I <- lists:seq(1, M - 1)]).
gregorian_days_to_date(N) when is_integer(N), N >= 0 ->
    Y = year_of(N, N div 366, N div 365 + 1),
    month_of(Y, 1, N - days_before_year(Y)).
year_of(_, Lo, Hi) when Hi - Lo =< 1 -> Lo;
year_of(N, Lo, Hi) ->
    Mid = (Lo + Hi) div 2,
    case days_before_year(Mid) =< N of
        true -> year_of(N, Mid, Hi);
        false -> year_of(N, Lo, Mid)
    end.
month_of(Y, M, N) ->
    L = last_day_of_the_month(Y, M),
    if N < L -> {Y, M, N + 1};
       true -> month_of(Y, M + 1, N - L)
    end.
datetime_to_gregorian_seconds({D, T}) -> 86400 * date_to_gregorian_days(D) + time_to_seconds(T).
gregorian_seconds_to_datetime(S) when S >= 0 -> {gregorian_days_to_date(S div 86400), seconds_to_time(S rem 86400)}.
time_to_seconds({H, M, S}) when is_integer(H), is_integer(M), is_integer(S) -> H * 3600 + M * 60 + S.
seconds_to_time(S) when S >= 0, S < 86400 -> {S div 3600, S rem 3600 div 60, S rem 60}.
seconds_to_daystime(S) ->
    D = if S >= 0 -> S div 86400; true -> (S - 86399) div 86400 end,
    {D, seconds_to_time(S - D * 86400)}.
day_of_the_week({Y, M, D}) -> day_of_the_week(Y, M, D).
day_of_the_week(Y, M, D) -> (date_to_gregorian_days(Y, M, D) + 5) rem 7 + 1.
time_difference(A, B) -> seconds_to_daystime(datetime_to_gregorian_seconds(B) - datetime_to_gregorian_seconds(A)).
iso_week_number({Y, M, D} = Date) ->
    N = date_to_gregorian_days(Date),
    W1 = week_one(Y),
    Next = week_one(Y + 1),
    if N < W1 -> {Y - 1, (N - week_one(Y - 1)) div 7 + 1};
       N >= Next -> {Y + 1, 1};
       is_integer(M), is_integer(D) -> {Y, (N - W1) div 7 + 1}
    end.
week_one(Y) ->
    N = date_to_gregorian_days(Y, 1, 4),
    N - (day_of_the_week(Y, 1, 4) - 1).
system_time_to_universal_time(T, Unit) ->
    gregorian_seconds_to_datetime(erlang:convert_time_unit(T, Unit, second) + 62167219200).
now_to_universal_time({A, B, _}) -> gregorian_seconds_to_datetime(A * 1000000 + B + 62167219200).
now_to_datetime(T) -> now_to_universal_time(T).
universal_time() -> erlang:universaltime().
local_time() -> erlang:localtime().
system_time_to_rfc3339(S) ->
    {{Y, Mo, D}, {H, Mi, Se}} = system_time_to_universal_time(S, second),
    lists:flatten(io_lib:format("~4..0w-~2..0w-~2..0wT~2..0w:~2..0w:~2..0wZ", [Y, Mo, D, H, Mi, Se])).
