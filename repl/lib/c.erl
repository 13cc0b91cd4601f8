% Commands of the shell that print what the inspector knows.
-export([i/0, regs/0, nregs/0]).
i() ->
    Ps = erlang:processes(),
    io:format("~-16s ~-34s ~12s ~14s ~8s~n", ["Pid", "Name or initial call", "Memory", "Reductions", "Messages"]),
    lists:foreach(fun(P) -> show(P, process_info(P, [registered_name, initial_call, memory, reductions, message_queue_len])) end,
                  lists:sublist(Ps, 200)),
    case length(Ps) - 200 of
        N when N > 0 -> io:format("and ~w more~n", [N]);
        _ -> ok
    end,
    ok.
show(_, undefined) -> ok;
show(P, Info) ->
    Title = case proplists:get_value(registered_name, Info, []) of
                [] -> call(proplists:get_value(initial_call, Info, undefined));
                Name -> io_lib:format("~tw", [Name])
            end,
    io:format("~-16w ~-34ts ~12w ~14w ~8w~n",
              [P, Title] ++ [proplists:get_value(K, Info, 0) || K <- [memory, reductions, message_queue_len]]).
call({M, F, A}) -> io_lib:format("~tw:~tw/~w", [M, F, A]);
call(X) -> io_lib:format("~tw", [X]).
regs() ->
    io:format("~-34s ~s~n", ["Name", "Pid"]),
    lists:foreach(fun(N) -> io:format("~-34ts ~w~n", [io_lib:format("~tw", [N]), whereis(N)]) end, lists:sort(registered())).
nregs() -> regs().
