#!/usr/bin/env escript
%%! +S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none
%% Judges a file of rabbitmq.conf's syntax as RabbitMQ does when it boots (rabbit_prelaunch_conf):
%% by cuttlefish and the schemas of all plugins. Nothing is started and nothing written. One
%% scheduler that waits asleep is enough: others take a third of the time for spinning alone.
-mode(compile).

main([File]) ->
    Plugins = plugins(),
    lists:foreach(fun code:add_pathz/1, filelib:wildcard(Plugins ++ "/*/ebin")),
    logger:set_primary_config(level, none),
    Schemas = filelib:wildcard(Plugins ++ "/*/priv/schema/*.schema"),
    Schemas =/= [] orelse fail("no schemas in " ++ Plugins, []),
    case cuttlefish_conf:files([File]) of
        {errorlist, Errors} -> refuse(Errors);
        Conf -> judge(cuttlefish_schema:files(Schemas), staged(Conf, filename:dirname(File)))
    end.

judge({errorlist, Errors}, _Conf) -> refuse(Errors);
judge(Schema, Conf) ->
    case cuttlefish_generator:map(Schema, Conf) of
        {error, _Phase, {errorlist, Errors}} -> refuse(Errors);
        _Config -> ok
    end.

%% The file names its definitions where they will be; now they are beside it.
staged(Conf, Folder) ->
    [{Key, case Key of
               ["load_definitions"] -> filename:join(Folder, filename:basename(Value));
               _ -> Value
           end} || {Key, Value} <- Conf].

refuse(Errors) ->
    [io:format("~ts~n", [cuttlefish_error:xlate(Error)]) || {error, Error} <- Errors],
    halt(1).

%% They lie beside the programs, also where those are named by links; Debian's is a script.
plugins() ->
    Server = real(os:find_executable("rabbitmq-server")),
    Beside = filename:join([filename:dirname(filename:dirname(Server)), "plugins"]),
    Places = [Beside | filelib:wildcard("/usr/lib/rabbitmq/lib/rabbitmq_server-*/plugins")],
    case lists:filter(fun filelib:is_dir/1, Places) of
        [Found | _] -> Found;
        [] -> fail("no plugins of RabbitMQ in ~p", [Places])
    end.

real(false) -> fail("no rabbitmq-server in PATH", []);
real(Path) ->
    case file:read_link_all(Path) of
        {ok, Target} -> real(filename:absname(Target, filename:dirname(Path)));
        {error, _} -> Path
    end.

fail(Format, Values) ->
    io:format(Format ++ "~n", Values),
    halt(1).
