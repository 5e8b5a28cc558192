function __flashctl_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __flashctl_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __flashctl_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __flashctl_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __flashctl_parse_tokens -S
    set -l unparsed_tokens (__flashctl_tokens -pc)
    switch $unparsed_tokens[1]
    case 'flashctl'
        __flashctl_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'serve'
            __flashctl_parse_subcommand 0 'port=' 'host=' 'event-loops=' 'admin-port=' 'backlog-limit=' 'memory-limit=' 'rotate' 'no-rotate' 'local' 'local-directory=' 'redis=' 'postgres=' 'config=' 'log-level=' 'hourly-stock=' 'hourly-limit=' 'hourly-hold=' 'allow-no-aof' 'version' 'h/help'
        case 'seed-sale'
            __flashctl_parse_subcommand 0 'name=' 'image-url=' 'stock=' 'limit=' 'start=' 'duration=' 'hold=' 'test' 'local' 'local-directory=' 'redis=' 'postgres=' 'config=' 'log-level=' 'o/output=' 'color=' 'version' 'h/help'
        case 'rotate-hour'
            __flashctl_parse_subcommand 0 'verbose' 'local' 'local-directory=' 'redis=' 'postgres=' 'config=' 'log-level=' 'hourly-stock=' 'hourly-limit=' 'hourly-hold=' 'allow-no-aof' 'version' 'h/help'
        case 'status'
            __flashctl_parse_subcommand 0 'sale=' 'fast' 'local' 'local-directory=' 'redis=' 'postgres=' 'config=' 'log-level=' 'o/output=' 'color=' 'version' 'h/help'
        case 'verify'
            __flashctl_parse_subcommand 0 'sale=+' 'quick' 'local' 'local-directory=' 'redis=' 'postgres=' 'config=' 'log-level=' 'o/output=' 'color=' 'version' 'h/help'
        case 'doctor'
            __flashctl_parse_subcommand 0 'local' 'local-directory=' 'redis=' 'postgres=' 'config=' 'log-level=' 'o/output=' 'color=' 'version' 'h/help'
        case 'reconcile'
            __flashctl_parse_subcommand 0 'plan' 'apply' 'confirm=' 'sale=' 'reason=' 'local' 'local-directory=' 'redis=' 'postgres=' 'config=' 'log-level=' 'o/output=' 'color=' 'version' 'h/help'
        case 'migrate'
            __flashctl_parse_subcommand 0 'dry-run' 'local' 'local-directory=' 'redis=' 'postgres=' 'config=' 'log-level=' 'o/output=' 'color=' 'version' 'h/help'
        case 'loadtest'
            __flashctl_parse_subcommand 0 'preset=' 'requests=' 'connections=' 'purchases=' 'target=' 'run-id=' 'threads=' 'timeout=' 'local' 'local-directory=' 'redis=' 'postgres=' 'config=' 'log-level=' 'o/output=' 'color=' 'version' 'h/help'
        case 'help'
            __flashctl_parse_subcommand -r 1 'version'
        end
    end
end

function __flashctl_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __flashctl_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __flashctl_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __flashctl_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__flashctl_tokens -p)
    if test -z "$(__flashctl_tokens -t)"
        set -l index (count (__flashctl_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'flashctl' -f
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl" version' -l 'version' -d 'Show the version.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_positional "flashctl" -eq 1' -fa 'serve' -d 'Serves the public HTTP API until it is stopped.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_positional "flashctl" -eq 1' -fa 'seed-sale' -d 'Creates a sale and opens it in Redis.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_positional "flashctl" -eq 1' -fa 'rotate-hour' -d 'Makes sure that the sales of this hour and the next exist, and finishes ended ones.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_positional "flashctl" -eq 1' -fa 'status' -d 'Shows a sale: stock, attempts, purchases, and how far the journal has reached Postgres.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_positional "flashctl" -eq 1' -fa 'verify' -d 'Proves that nothing was oversold or lost: counts sales again, independently of what sells them.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_positional "flashctl" -eq 1' -fa 'doctor' -d 'Checks Redis, Postgres and the clocks, and says what to do about each finding.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_positional "flashctl" -eq 1' -fa 'reconcile' -d 'Repairs what `flashctl verify` found, by writing what is missing; never by deleting.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_positional "flashctl" -eq 1' -fa 'migrate' -d 'Brings the schema in Postgres up to date.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_positional "flashctl" -eq 1' -fa 'loadtest' -d 'Sends checkouts and purchases to a server and measures its answers.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_positional "flashctl" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" port' -l 'port' -d 'Port to listen on, 0 for a free one. Default: $PORT or 8080.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" host' -l 'host' -d 'Address to listen on. Default: 0.0.0.0.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" event-loops' -l 'event-loops' -d 'Event loops, 1 to 64. Default: 1.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" admin-port' -l 'admin-port' -d 'Port of the metrics on 127.0.0.1, 0 for none. Default: 9090.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" backlog-limit' -l 'backlog-limit' -d 'Refuse checkouts above this much journal not in Postgres. Default: 512MB.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" memory-limit' -l 'memory-limit' -d 'Refuse checkouts above this share of Redis\' maxmemory. Default: 85 %.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" rotate' -l 'rotate' -d 'Open and finish the hourly sales. Default: yes.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" no-rotate' -l 'no-rotate' -d 'Open and finish the hourly sales. Default: yes.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" local' -l 'local' -d 'Use the private Redis and Postgres of this machine; start them when they do not run.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" local-directory' -l 'local-directory' -d 'Folder of the private stores.' -rfa '(__flashctl_complete_directories)'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" redis' -l 'redis' -d 'Redis, as host:port, redis://, rediss:// or unix:// URL. Default: $REDIS_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" postgres' -l 'postgres' -d 'Postgres, as any libpq URL. Default: $POSTGRES_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" config' -l 'config' -d 'Configuration file, YAML or JSON.' -rfa '(set -l exts \'yaml\' \'yml\' \'json\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" log-level' -l 'log-level' -d 'Lowest level that is logged: trace, debug, info, notice, warning, error, critical.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" hourly-stock' -l 'hourly-stock' -d 'Units of an hourly sale. Default: 10000.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" hourly-limit' -l 'hourly-limit' -d 'Units of an hourly sale that one user may have. Default: 10.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" hourly-hold' -l 'hourly-hold' -d 'How long an unpaid hold of an hourly sale lasts, e.g. 5m. Default: 5m.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" allow-no-aof' -l 'allow-no-aof' -d 'Accept a Redis without an append-only file: what it has not drained is lost with it.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" version' -l 'version' -d 'Show the version.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl serve" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" name' -l 'name' -d 'Name of the item, 1 to 200 characters.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" image-url' -l 'image-url' -d 'URL of its picture, 1 to 2000 characters.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" stock' -l 'stock' -d 'Units for sale, 1 to 10,000,000.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" limit' -l 'limit' -d 'Units that one user may hold and buy together, 1 to 1,000,000.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" start' -l 'start' -d 'When it opens: this-hour, next-hour, now, or a time as 2026-12-24T18:00:00Z.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" duration' -l 'duration' -d 'How long it sells, e.g. 1h or 90m.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" hold' -l 'hold' -d 'How long an unpaid hold lasts, 1s to 24h.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" test' -l 'test' -d 'Mark it as a test sale. Sales of --local always are.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" local' -l 'local' -d 'Use the private Redis and Postgres of this machine; start them when they do not run.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" local-directory' -l 'local-directory' -d 'Folder of the private stores.' -rfa '(__flashctl_complete_directories)'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" redis' -l 'redis' -d 'Redis, as host:port, redis://, rediss:// or unix:// URL. Default: $REDIS_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" postgres' -l 'postgres' -d 'Postgres, as any libpq URL. Default: $POSTGRES_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" config' -l 'config' -d 'Configuration file, YAML or JSON.' -rfa '(set -l exts \'yaml\' \'yml\' \'json\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" log-level' -l 'log-level' -d 'Lowest level that is logged: trace, debug, info, notice, warning, error, critical.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" o output' -s 'o' -l 'output' -d 'Format of the data on standard output.' -rfka 'table json yaml ndjson'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" color' -l 'color' -d 'Colours; auto means on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" version' -l 'version' -d 'Show the version.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl seed-sale" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl rotate-hour" verbose' -l 'verbose' -d 'Say what was done.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl rotate-hour" local' -l 'local' -d 'Use the private Redis and Postgres of this machine; start them when they do not run.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl rotate-hour" local-directory' -l 'local-directory' -d 'Folder of the private stores.' -rfa '(__flashctl_complete_directories)'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl rotate-hour" redis' -l 'redis' -d 'Redis, as host:port, redis://, rediss:// or unix:// URL. Default: $REDIS_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl rotate-hour" postgres' -l 'postgres' -d 'Postgres, as any libpq URL. Default: $POSTGRES_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl rotate-hour" config' -l 'config' -d 'Configuration file, YAML or JSON.' -rfa '(set -l exts \'yaml\' \'yml\' \'json\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl rotate-hour" log-level' -l 'log-level' -d 'Lowest level that is logged: trace, debug, info, notice, warning, error, critical.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl rotate-hour" hourly-stock' -l 'hourly-stock' -d 'Units of an hourly sale. Default: 10000.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl rotate-hour" hourly-limit' -l 'hourly-limit' -d 'Units of an hourly sale that one user may have. Default: 10.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl rotate-hour" hourly-hold' -l 'hourly-hold' -d 'How long an unpaid hold of an hourly sale lasts, e.g. 5m. Default: 5m.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl rotate-hour" allow-no-aof' -l 'allow-no-aof' -d 'Accept a Redis without an append-only file: what it has not drained is lost with it.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl rotate-hour" version' -l 'version' -d 'Show the version.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl rotate-hour" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl status" sale' -l 'sale' -d 'Number of the sale.' -rfka '(__flashctl_custom_completion ---completion status -- --sale (count (__flashctl_tokens -pc)) (__flashctl_tokens -tC))'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl status" fast' -l 'fast' -d 'Do not count attempts and purchases in Postgres.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl status" local' -l 'local' -d 'Use the private Redis and Postgres of this machine; start them when they do not run.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl status" local-directory' -l 'local-directory' -d 'Folder of the private stores.' -rfa '(__flashctl_complete_directories)'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl status" redis' -l 'redis' -d 'Redis, as host:port, redis://, rediss:// or unix:// URL. Default: $REDIS_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl status" postgres' -l 'postgres' -d 'Postgres, as any libpq URL. Default: $POSTGRES_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl status" config' -l 'config' -d 'Configuration file, YAML or JSON.' -rfa '(set -l exts \'yaml\' \'yml\' \'json\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl status" log-level' -l 'log-level' -d 'Lowest level that is logged: trace, debug, info, notice, warning, error, critical.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl status" o output' -s 'o' -l 'output' -d 'Format of the data on standard output.' -rfka 'table json yaml ndjson'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl status" color' -l 'color' -d 'Colours; auto means on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl status" version' -l 'version' -d 'Show the version.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl status" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl verify"' -l 'sale' -d 'Number of a sale, or all, finished ones included.' -rfka '(__flashctl_custom_completion ---completion verify -- --sale (count (__flashctl_tokens -pc)) (__flashctl_tokens -tC))'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl verify" quick' -l 'quick' -d 'Leave out the attempts of sales with more than 200,000 of them.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl verify" local' -l 'local' -d 'Use the private Redis and Postgres of this machine; start them when they do not run.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl verify" local-directory' -l 'local-directory' -d 'Folder of the private stores.' -rfa '(__flashctl_complete_directories)'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl verify" redis' -l 'redis' -d 'Redis, as host:port, redis://, rediss:// or unix:// URL. Default: $REDIS_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl verify" postgres' -l 'postgres' -d 'Postgres, as any libpq URL. Default: $POSTGRES_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl verify" config' -l 'config' -d 'Configuration file, YAML or JSON.' -rfa '(set -l exts \'yaml\' \'yml\' \'json\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl verify" log-level' -l 'log-level' -d 'Lowest level that is logged: trace, debug, info, notice, warning, error, critical.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl verify" o output' -s 'o' -l 'output' -d 'Format of the data on standard output.' -rfka 'table json yaml ndjson'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl verify" color' -l 'color' -d 'Colours; auto means on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl verify" version' -l 'version' -d 'Show the version.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl verify" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl doctor" local' -l 'local' -d 'Use the private Redis and Postgres of this machine; start them when they do not run.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl doctor" local-directory' -l 'local-directory' -d 'Folder of the private stores.' -rfa '(__flashctl_complete_directories)'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl doctor" redis' -l 'redis' -d 'Redis, as host:port, redis://, rediss:// or unix:// URL. Default: $REDIS_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl doctor" postgres' -l 'postgres' -d 'Postgres, as any libpq URL. Default: $POSTGRES_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl doctor" config' -l 'config' -d 'Configuration file, YAML or JSON.' -rfa '(set -l exts \'yaml\' \'yml\' \'json\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl doctor" log-level' -l 'log-level' -d 'Lowest level that is logged: trace, debug, info, notice, warning, error, critical.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl doctor" o output' -s 'o' -l 'output' -d 'Format of the data on standard output.' -rfka 'table json yaml ndjson'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl doctor" color' -l 'color' -d 'Colours; auto means on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl doctor" version' -l 'version' -d 'Show the version.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl doctor" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl reconcile" dry-run plan' -l 'plan' -l 'dry-run' -d 'Print what would be done.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl reconcile" apply' -l 'apply' -d 'Do what the confirmed plan says.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl reconcile" confirm' -l 'confirm' -d 'The hash of the plan, as --plan prints it.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl reconcile" sale' -l 'sale' -d 'Number of a sale. Default: every sale that is open.' -rfka '(__flashctl_custom_completion ---completion reconcile -- --sale (count (__flashctl_tokens -pc)) (__flashctl_tokens -tC))'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl reconcile" reason' -l 'reason' -d 'Why, for the records; 1 to 200 characters.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl reconcile" local' -l 'local' -d 'Use the private Redis and Postgres of this machine; start them when they do not run.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl reconcile" local-directory' -l 'local-directory' -d 'Folder of the private stores.' -rfa '(__flashctl_complete_directories)'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl reconcile" redis' -l 'redis' -d 'Redis, as host:port, redis://, rediss:// or unix:// URL. Default: $REDIS_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl reconcile" postgres' -l 'postgres' -d 'Postgres, as any libpq URL. Default: $POSTGRES_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl reconcile" config' -l 'config' -d 'Configuration file, YAML or JSON.' -rfa '(set -l exts \'yaml\' \'yml\' \'json\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl reconcile" log-level' -l 'log-level' -d 'Lowest level that is logged: trace, debug, info, notice, warning, error, critical.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl reconcile" o output' -s 'o' -l 'output' -d 'Format of the data on standard output.' -rfka 'table json yaml ndjson'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl reconcile" color' -l 'color' -d 'Colours; auto means on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl reconcile" version' -l 'version' -d 'Show the version.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl reconcile" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl migrate" dry-run' -l 'dry-run' -d 'Only list what would be applied.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl migrate" local' -l 'local' -d 'Use the private Redis and Postgres of this machine; start them when they do not run.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl migrate" local-directory' -l 'local-directory' -d 'Folder of the private stores.' -rfa '(__flashctl_complete_directories)'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl migrate" redis' -l 'redis' -d 'Redis, as host:port, redis://, rediss:// or unix:// URL. Default: $REDIS_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl migrate" postgres' -l 'postgres' -d 'Postgres, as any libpq URL. Default: $POSTGRES_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl migrate" config' -l 'config' -d 'Configuration file, YAML or JSON.' -rfa '(set -l exts \'yaml\' \'yml\' \'json\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl migrate" log-level' -l 'log-level' -d 'Lowest level that is logged: trace, debug, info, notice, warning, error, critical.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl migrate" o output' -s 'o' -l 'output' -d 'Format of the data on standard output.' -rfka 'table json yaml ndjson'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl migrate" color' -l 'color' -d 'Colours; auto means on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl migrate" version' -l 'version' -d 'Show the version.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl migrate" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" preset' -l 'preset' -d 'The workload.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" requests' -l 'requests' -d 'Number of checkouts, each of another user. Default: that of the preset.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" connections' -l 'connections' -d 'Connections that are open at the same time. Default: that of the preset.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" purchases' -l 'purchases' -d 'Share of the codes got that is paid for, 0 to 100.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" target' -l 'target' -d 'The server, as http://host:port. Default: port $PORT or 8080 of this machine.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" run-id' -l 'run-id' -d 'Start of all user ids. Default: random, so that no run meets the limits that another run left.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" threads' -l 'threads' -d 'Threads that generate the load.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" timeout' -l 'timeout' -d 'Seconds after which an unanswered request is a network error.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" local' -l 'local' -d 'Use the private Redis and Postgres of this machine; start them when they do not run.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" local-directory' -l 'local-directory' -d 'Folder of the private stores.' -rfa '(__flashctl_complete_directories)'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" redis' -l 'redis' -d 'Redis, as host:port, redis://, rediss:// or unix:// URL. Default: $REDIS_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" postgres' -l 'postgres' -d 'Postgres, as any libpq URL. Default: $POSTGRES_URL.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" config' -l 'config' -d 'Configuration file, YAML or JSON.' -rfa '(set -l exts \'yaml\' \'yml\' \'json\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" log-level' -l 'log-level' -d 'Lowest level that is logged: trace, debug, info, notice, warning, error, critical.' -rfka ''
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" o output' -s 'o' -l 'output' -d 'Format of the data on standard output.' -rfka 'table json yaml ndjson'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" color' -l 'color' -d 'Colours; auto means on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" version' -l 'version' -d 'Show the version.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl loadtest" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'flashctl' -n '__flashctl_should_offer_completions_for_flags_or_options "flashctl help" version' -l 'version' -d 'Show the version.'
