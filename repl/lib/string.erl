% The older functions on strings, which are flat lists of characters.
-export([len/1, chr/2, rchr/2, str/2, rstr/2, span/2, cspan/2, substr/2, substr/3, sub_string/2,
         sub_string/3, tokens/2, chars/2, chars/3, copies/2, words/1, words/2, sub_word/2, sub_word/3,
         strip/1, strip/2, strip/3, left/2, left/3, right/2, right/3, centre/2, centre/3, concat/2, join/2,
         to_upper/1, to_lower/1, pad/2, pad/3, pad/4, replace/3, replace/4]).
len(S) -> erlang:length(S).
chr(S, C) when is_integer(C) -> chr(S, C, 1).
chr([C|_], C, I) -> I;
chr([_|T], C, I) -> chr(T, C, I + 1);
chr([], _, _) -> 0.
rchr(S, C) when is_integer(C) -> rchr(S, C, 1, 0).
rchr([C|T], C, I, _) -> rchr(T, C, I + 1, I);
rchr([_|T], C, I, L) -> rchr(T, C, I + 1, L);
rchr([], _, _, L) -> L.
str(S, Sub) when is_list(Sub) -> str(S, Sub, 1).
str([C|S], [C|Sub], I) ->
    case lists:prefix(Sub, S) of
        true -> I;
        false -> str(S, [C|Sub], I + 1)
    end;
str([_|S], [_|_] = Sub, I) -> str(S, Sub, I + 1);
str([], [_|_], _) -> 0;
str(S, [], I) when is_list(S) -> I.
rstr(S, Sub) when is_list(Sub) -> rstr(S, Sub, 1, 0).
rstr([_|T] = S, Sub, I, L) ->
    case lists:prefix(Sub, S) of
        true -> rstr(T, Sub, I + 1, I);
        false -> rstr(T, Sub, I + 1, L)
    end;
rstr([], [], I, _) -> I;
rstr([], _, _, L) -> L.
span(S, Cs) when is_list(Cs) -> span(S, Cs, 0).
span([C|T], Cs, N) ->
    case lists:member(C, Cs) of
        true -> span(T, Cs, N + 1);
        false -> N
    end;
span([], _, N) -> N.
cspan(S, Cs) when is_list(Cs) -> cspan(S, Cs, 0).
cspan([C|T], Cs, N) ->
    case lists:member(C, Cs) of
        true -> N;
        false -> cspan(T, Cs, N + 1)
    end;
cspan([], _, N) -> N.
substr(S, 1) when is_list(S) -> S;
substr(S, I) when is_integer(I), I > 1 -> substr2(S, I).
substr2(S, 1) when is_list(S) -> S;
substr2([_|T], I) -> substr2(T, I - 1).
substr(S, I, N) when is_integer(I), I >= 1, is_integer(N), N >= 0 -> lists:sublist(substr(S, I), N).
sub_string(S, A) -> substr(S, A).
sub_string(S, A, B) -> substr(S, A, B - A + 1).
tokens(S, Seps) when is_list(S), is_list(Seps) -> string:lexemes(lists:flatten(S), Seps);
tokens(S, Seps) when is_list(Seps) -> lists:reverse(S);
tokens(_, Seps) -> erlang:error({case_clause, Seps}).
chars(C, N) -> chars(C, N, []).
chars(C, N, Tail) when N > 0 -> chars(C, N - 1, [C|Tail]);
chars(C, 0, Tail) when is_integer(C) -> Tail.
copies(S, N) when is_list(S), is_integer(N), N >= 0 -> lists:append(lists:duplicate(N, S)).
words(S) -> words(S, $\s).
words(S, C) when is_integer(C), not is_list(S) -> strip_left(S, C);
words(S, C) when is_integer(C) -> erlang:length(string:lexemes(S, [C])).
strip_left([_|_] = S, _) -> S.
sub_word(S, N) -> sub_word(S, N, $\s).
sub_word(S, N, C) when is_integer(N), is_integer(C) ->
    L = string:lexemes(S, [C]),
    if N >= 1, N =< erlang:length(L) -> lists:nth(N, L);
       true -> []
    end.
strip(S) -> strip(S, both).
strip(S, left) -> strip(S, left, $\s);
strip(S, right) -> strip(S, right, $\s);
strip(S, both) -> strip(S, both, $\s).
strip(S, right, C) -> lists:reverse(strip(lists:reverse(S), left, C));
strip([C|T], left, C) -> strip(T, left, C);
strip(S, left, C) when is_integer(C) -> S;
strip(S, both, C) when is_integer(C) -> strip(strip(S, left, C), right, C).
left(S, N) when is_integer(N) -> left(S, N, $\s).
left(S, N, C) when is_integer(C) ->
    L = erlang:length(S),
    if L > N -> lists:sublist(S, N);
       true -> S ++ lists:duplicate(N - L, C)
    end.
right(S, N) when is_integer(N) -> right(S, N, $\s).
right(S, N, C) when is_integer(C) ->
    L = erlang:length(S),
    if L > N -> lists:nthtail(L - N, S);
       true -> lists:duplicate(N - L, C) ++ S
    end.
centre(S, N) when is_integer(N) -> centre(S, N, $\s).
centre(S, 0, C) when is_list(S), is_integer(C) -> [];
centre(S, N, C) when is_integer(C) ->
    L = erlang:length(S),
    if L > N -> lists:sublist(S, (L - N) div 2 + 1, N);
       true ->
           D = (N - L) div 2,
           lists:duplicate(D, C) ++ S ++ lists:duplicate(N - L - D, C)
    end.
concat(A, B) -> A ++ B.
join([], Sep) when is_list(Sep) -> [];
join([H|T], Sep) -> H ++ lists:append([Sep ++ X || X <- T]).
to_upper(S) when is_list(S) -> [to_upper_char(C) || C <- S];
to_upper(C) when is_integer(C) -> to_upper_char(C).
to_upper_char(C) when C >= $a, C =< $z -> C - 32;
to_upper_char(C) when C >= 16#E0, C =< 16#F6; C >= 16#F8, C =< 16#FE -> C - 32;
to_upper_char(C) -> C.
to_lower(S) when is_list(S) -> [to_lower_char(C) || C <- S];
to_lower(C) when is_integer(C) -> to_lower_char(C).
to_lower_char(C) when C >= $A, C =< $Z -> C + 32;
to_lower_char(C) when C >= 16#C0, C =< 16#D6; C >= 16#D8, C =< 16#DE -> C + 32;
to_lower_char(C) -> C.
pad(S, N) -> pad(S, N, trailing).
pad(S, N, Dir) -> pad(S, N, Dir, $\s).
pad(S, N, Dir, C) when is_integer(N) ->
    D = max(0, N - string:length(S)),
    case Dir of
        trailing -> [S|lists:duplicate(D, C)];
        leading -> [lists:duplicate(D, C), S];
        both -> [lists:duplicate(D div 2, C), S|lists:duplicate(D - D div 2, C)]
    end.
replace(S, P, R) -> lists:join(R, string:split(S, P)).
replace(S, P, R, Where) -> lists:join(R, string:split(S, P, Where)).
