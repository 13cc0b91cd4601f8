% What recon prints; the figures come from the inspector.
-export([node_stats_print/2, node_stats/4]).
node_stats_print(N, Ms) -> lists:foreach(fun(X) -> io:format("~p~n", [X]) end, recon:node_stats_list(N, Ms)).
node_stats(N, Ms, F, A) when is_function(F, 2) -> lists:foldl(F, A, recon:node_stats_list(N, Ms)).
