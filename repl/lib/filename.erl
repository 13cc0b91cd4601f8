% File names as text; nothing here looks at files.
-export([join/2, join/1, basename/1, basename/2, dirname/1, extension/1, rootname/1, rootname/2, split/1,
         pathtype/1, nativename/1, flatten/1]).
join(A, B) -> join([A, B]).
join([N]) -> flat(N);
join([_|_] = Ns) -> from_parts(as_text(hd(Ns)), lists:foldl(fun(N, Acc) -> join1(Acc, as_text(N)) end, [], Ns)).
join1([], N) -> N;
join1(_, [$/|_] = N) -> N;
join1(Acc, []) -> Acc;
join1(Acc, N) -> string:trim(Acc, trailing, "/") ++ "/" ++ N.
from_parts(_, "/") -> "/";
from_parts(_, N) -> squeeze(string:trim(N, trailing, "/")).
squeeze([$/, $/|T]) -> squeeze([$/|T]);
squeeze([C|T]) -> [C|squeeze(T)];
squeeze([]) -> [].
as_text(N) when is_atom(N) -> atom_to_list(N);
as_text(N) when is_binary(N) -> unicode:characters_to_list(N);
as_text(N) -> lists:flatten(N).
flat(N) when is_binary(N) -> N;
flat(N) -> as_text(N).
like(N, R) when is_binary(N) -> unicode:characters_to_binary(R);
like(_, R) -> R.
basename(N) -> like(N, base(as_text(N))).
base(N) ->
    case string:split(string:trim(N, trailing, "/"), "/", trailing) of
        [_, B] -> B;
        [B] -> B
    end.
basename(N, Ext) ->
    B = base(as_text(N)),
    E = as_text(Ext),
    like(N, case lists:suffix(E, B) of
                true -> lists:sublist(B, length(B) - length(E));
                false -> B
            end).
dirname(N) ->
    like(N, case string:split(as_text(N), "/", trailing) of
                [[], _] -> "/";
                [D, _] -> string:trim(D, trailing, "/");
                [_] -> "."
            end).
extension(N) -> like(N, ext(base(as_text(N)))).
ext(B) ->
    case string:split(B, ".", trailing) of
        [[], _] -> "";
        [_, E] -> "." ++ E;
        [_] -> ""
    end.
rootname(N) ->
    T = as_text(N),
    like(N, lists:sublist(T, length(T) - length(ext(base(T))))).
rootname(N, Ext) ->
    T = as_text(N),
    E = as_text(Ext),
    like(N, case lists:suffix(E, T) of
                true -> lists:sublist(T, length(T) - length(E));
                false -> T
            end).
split(N) ->
    T = as_text(N),
    Ps = string:lexemes(T, "/"),
    [like(N, P) || P <- case T of
                            [$/|_] -> ["/"|Ps];
                            _ -> Ps
                        end].
pathtype(N) ->
    case as_text(N) of
        [$/|_] -> absolute;
        _ -> relative
    end.
nativename(N) -> N.
flatten(N) -> flat(N).
