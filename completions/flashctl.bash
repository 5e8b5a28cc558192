#!/bin/bash

__flashctl_cursor_index_in_current_word() {
    local remaining="${COMP_LINE}"

    local word
    for word in "${COMP_WORDS[@]::COMP_CWORD}"; do
        remaining="${remaining##*([[:space:]])"${word}"*([[:space:]])}"
    done

    local -ir index="$((COMP_POINT - ${#COMP_LINE} + ${#remaining}))"
    if [[ "${index}" -le 0 ]]; then
        printf 0
    else
        printf %s "${index}"
    fi
}

# positional arguments:
#
# - 1: the current (sub)command's count of positional arguments
#
# required variables:
#
# - repeating_flags: the repeating flags that the current (sub)command can accept
# - non_repeating_flags: the non-repeating flags that the current (sub)command can accept
# - repeating_options: the repeating options that the current (sub)command can accept
# - non_repeating_options: the non-repeating options that the current (sub)command can accept
# - positional_number: value ignored
# - unparsed_words: unparsed words from the current command line
#
# modified variables:
#
# - non_repeating_flags: remove flags for this (sub)command that are already on the command line
# - non_repeating_options: remove options for this (sub)command that are already on the command line
# - positional_number: set to the current positional number
# - unparsed_words: remove all flags, options, and option values for this (sub)command
__flashctl_offer_flags_options() {
    local -ir positional_count="${1}"
    positional_number=0

    local was_flag_option_terminator_seen=false
    local is_parsing_option_value=false

    local -ar unparsed_word_indices=("${!unparsed_words[@]}")
    local -i word_index
    for word_index in "${unparsed_word_indices[@]}"; do
        if "${is_parsing_option_value}"; then
            # This word is an option value:
            # Reset marker for next word iff not currently the last word
            [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]] && is_parsing_option_value=false
            unset "unparsed_words[${word_index}]"
            # Do not process this word as a flag or an option
            continue
        fi

        local word="${unparsed_words["${word_index}"]}"
        if ! "${was_flag_option_terminator_seen}"; then
            case "${word}" in
            --)
                unset "unparsed_words[${word_index}]"
                # by itself -- is a flag/option terminator, but if it is the last word, it is the start of a completion
                if [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]]; then
                    was_flag_option_terminator_seen=true
                fi
                continue
                ;;
            -*)
                # ${word} is a flag or an option
                # If ${word} is an option, mark that the next word to be parsed is an option value
                local option
                for option in "${repeating_options[@]}" "${non_repeating_options[@]}"; do
                    [[ "${word}" = "${option}" ]] && is_parsing_option_value=true && break
                done

                # Remove ${word} from ${non_repeating_flags} or ${non_repeating_options} so it isn't offered again
                local not_found=true
                local -i index
                for index in "${!non_repeating_flags[@]}"; do
                    if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                        unset "non_repeating_flags[${index}]"
                        non_repeating_flags=("${non_repeating_flags[@]}")
                        not_found=false
                        break
                    fi
                done
                if "${not_found}"; then
                    for index in "${!non_repeating_flags[@]}"; do
                        if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                            unset "non_repeating_flags[${index}]"
                            non_repeating_flags=("${non_repeating_flags[@]}")
                            break
                        fi
                    done
                fi
                unset "unparsed_words[${word_index}]"
                continue
                ;;
            esac
        fi

        # ${word} is neither a flag, nor an option, nor an option value
        if [[ "${positional_number}" -lt "${positional_count}" || "${positional_count}" -lt 0 ]]; then
            # ${word} is a positional
            ((positional_number++))
            unset "unparsed_words[${word_index}]"
        else
            if [[ -z "${word}" ]]; then
                # Could be completing a flag, option, or subcommand
                positional_number=-1
            else
                # ${word} is a subcommand or invalid, so stop processing this (sub)command
                positional_number=-2
            fi
            break
        fi
    done

    unparsed_words=("${unparsed_words[@]}")

    if\
        ! "${was_flag_option_terminator_seen}"\
        && ! "${is_parsing_option_value}"\
        && [[ ("${cur}" = -* && "${positional_number}" -ge 0) || "${positional_number}" -eq -1 ]]
    then
        COMPREPLY+=($(compgen -W "${repeating_flags[*]} ${non_repeating_flags[*]} ${repeating_options[*]} ${non_repeating_options[*]}" -- "${cur}"))
    fi
}

__flashctl_add_completions() {
    local completion
    while IFS='' read -r completion; do
        COMPREPLY+=("${completion}")
    done < <(IFS=$'\n' compgen "${@}" -- "${cur}")
}

__flashctl_custom_complete() {
    if [[ -n "${cur}" || -z ${COMP_WORDS[${COMP_CWORD}]} || "${COMP_LINE:${COMP_POINT}:1}" != ' ' ]]; then
        local -ar words=("${COMP_WORDS[@]}")
    else
        local -ar words=("${COMP_WORDS[@]::${COMP_CWORD}}" '' "${COMP_WORDS[@]:${COMP_CWORD}}")
    fi

    "${COMP_WORDS[0]}" "${@}" "${words[@]}"
}

_flashctl() {
    local state
    state="$(shopt -p;shopt -po)"
    trap "${state//$'\n'/;}" RETURN
    shopt -s extglob
    set +o history +o posix

    local -xr SAP_SHELL=bash
    local -x SAP_SHELL_VERSION
    SAP_SHELL_VERSION="$(IFS='.';printf %s "${BASH_VERSINFO[*]}")"
    local -r SAP_SHELL_VERSION

    local -r cur="${2}"
    local -r prev="${3}"

    local -i positional_number
    local -a unparsed_words=("${COMP_WORDS[@]:1:${COMP_CWORD}}")

    local -a repeating_flags=()
    local -a non_repeating_flags=(--version -h --help)
    local -a repeating_options=()
    local -a non_repeating_options=()
    __flashctl_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    serve|seed-sale|rotate-hour|pause|resume|ban|unban|limit|status|inspect-user|explain|verify|doctor|reconcile|replay-attempts|migrate|config|loadtest|shell|help)
        # Offer subcommand argument completions
        "_flashctl_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'serve seed-sale rotate-hour pause resume ban unban limit status inspect-user explain verify doctor reconcile replay-attempts migrate config loadtest shell help' -- "${cur}"))
        ;;
    esac
}

_flashctl_serve() {
    repeating_flags=()
    non_repeating_flags=(--rotate --no-rotate --allow-no-aof --local --version -h --help)
    repeating_options=()
    non_repeating_options=(--port --host --event-loops --admin-port --idle-time --shutdown-delay --header-field --header-total --header-count --backlog-limit --memory-limit --trace-sample --trace-file --hourly-stock --hourly-limit --hourly-hold --keep-finished --local-directory --redis --postgres --config --log-level)
    __flashctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--port')
        return
        ;;
    '--host')
        return
        ;;
    '--event-loops')
        return
        ;;
    '--admin-port')
        return
        ;;
    '--idle-time')
        return
        ;;
    '--shutdown-delay')
        return
        ;;
    '--header-field')
        return
        ;;
    '--header-total')
        return
        ;;
    '--header-count')
        return
        ;;
    '--backlog-limit')
        return
        ;;
    '--memory-limit')
        return
        ;;
    '--trace-sample')
        return
        ;;
    '--trace-file')
        return
        ;;
    '--hourly-stock')
        return
        ;;
    '--hourly-limit')
        return
        ;;
    '--hourly-hold')
        return
        ;;
    '--keep-finished')
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    esac
}

_flashctl_seed-sale() {
    repeating_flags=()
    non_repeating_flags=(--test --replace --dry-run --local --version -h --help)
    repeating_options=()
    non_repeating_options=(--name --image-url --stock --limit --start --at --duration --hold --confirm --local-directory --redis --postgres --config --log-level -o --output --color)
    __flashctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--name')
        return
        ;;
    '--image-url')
        return
        ;;
    '--stock')
        return
        ;;
    '--limit')
        return
        ;;
    '--start')
        return
        ;;
    '--at')
        return
        ;;
    '--duration')
        return
        ;;
    '--hold')
        return
        ;;
    '--confirm')
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_flashctl_rotate-hour() {
    repeating_flags=()
    non_repeating_flags=(--verbose --dry-run --local --allow-no-aof --version -h --help)
    repeating_options=()
    non_repeating_options=(--timeout --local-directory --redis --postgres --config --log-level --hourly-stock --hourly-limit --hourly-hold --keep-finished -o --output --color)
    __flashctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--timeout')
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '--hourly-stock')
        return
        ;;
    '--hourly-limit')
        return
        ;;
    '--hourly-hold')
        return
        ;;
    '--keep-finished')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_flashctl_pause() {
    repeating_flags=()
    non_repeating_flags=(--dry-run --local --version -h --help)
    repeating_options=()
    non_repeating_options=(--reason --sale --local-directory --redis --postgres --config --log-level -o --output --color)
    __flashctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--reason')
        return
        ;;
    '--sale')
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion pause -- --sale "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __flashctl_add_completions -W 'checkout'$'\n''purchase'$'\n''all'
        return
        ;;
    esac
}

_flashctl_resume() {
    repeating_flags=()
    non_repeating_flags=(--dry-run --local --version -h --help)
    repeating_options=()
    non_repeating_options=(--reason --sale --local-directory --redis --postgres --config --log-level -o --output --color)
    __flashctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--reason')
        return
        ;;
    '--sale')
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion resume -- --sale "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __flashctl_add_completions -W 'checkout'$'\n''purchase'$'\n''all'
        return
        ;;
    esac
}

_flashctl_ban() {
    repeating_flags=()
    non_repeating_flags=(--dry-run --local --version -h --help)
    repeating_options=()
    non_repeating_options=(--reason --sale --local-directory --redis --postgres --config --log-level -o --output --color)
    __flashctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--reason')
        return
        ;;
    '--sale')
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion ban -- --sale "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion ban -- positional@0 "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_flashctl_unban() {
    repeating_flags=()
    non_repeating_flags=(--dry-run --local --version -h --help)
    repeating_options=()
    non_repeating_options=(--reason --sale --local-directory --redis --postgres --config --log-level -o --output --color)
    __flashctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--reason')
        return
        ;;
    '--sale')
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion unban -- --sale "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion unban -- positional@0 "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_flashctl_limit() {
    repeating_flags=()
    non_repeating_flags=(--dry-run --local --version -h --help)
    repeating_options=()
    non_repeating_options=(--confirm --reason --sale --local-directory --redis --postgres --config --log-level -o --output --color)
    __flashctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--confirm')
        return
        ;;
    '--reason')
        return
        ;;
    '--sale')
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion limit -- --sale "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_flashctl_status() {
    repeating_flags=()
    non_repeating_flags=(--fast --records --local --version -h --help)
    repeating_options=()
    non_repeating_options=(--sale --watch --local-directory --redis --postgres --config --log-level -o --output --color)
    __flashctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--sale')
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion status -- --sale "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    '--watch')
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_flashctl_inspect-user() {
    repeating_flags=()
    non_repeating_flags=(--local --version -h --help)
    repeating_options=()
    non_repeating_options=(--sale --attempts --watch --local-directory --redis --postgres --config --log-level -o --output --color)
    __flashctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--sale')
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion inspect-user -- --sale "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    '--attempts')
        return
        ;;
    '--watch')
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion inspect-user -- positional@0 "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_flashctl_explain() {
    repeating_flags=()
    non_repeating_flags=(--local --version -h --help)
    repeating_options=()
    non_repeating_options=(--sale --as --limit --local-directory --redis --postgres --config --log-level -o --output --color)
    __flashctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--sale')
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion explain -- --sale "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    '--as')
        __flashctl_add_completions -W 'code'$'\n''hold'$'\n''user'$'\n''unit'
        return
        ;;
    '--limit')
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion explain -- positional@0 "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_flashctl_verify() {
    repeating_flags=()
    non_repeating_flags=(--quick --local --version -h --help)
    repeating_options=(--sale)
    non_repeating_options=(--local-directory --redis --postgres --config --log-level -o --output --color)
    __flashctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--sale')
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion verify -- --sale "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_flashctl_doctor() {
    repeating_flags=()
    non_repeating_flags=(--accept-postgres --allow-no-aof --local --version -h --help)
    repeating_options=()
    non_repeating_options=(--forget-standby --reason --local-directory --redis --postgres --config --log-level -o --output --color)
    __flashctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--forget-standby')
        return
        ;;
    '--reason')
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_flashctl_reconcile() {
    repeating_flags=()
    non_repeating_flags=(--plan --dry-run --apply --local --version -h --help)
    repeating_options=()
    non_repeating_options=(--confirm --sale --reason --local-directory --redis --postgres --config --log-level -o --output --color)
    __flashctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--confirm')
        return
        ;;
    '--sale')
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion reconcile -- --sale "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    '--reason')
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_flashctl_replay-attempts() {
    repeating_flags=()
    non_repeating_flags=(--pending --export --dry-run --ordered --no-ordered --local --version -h --help)
    repeating_options=()
    non_repeating_options=(--target --sale --speed --connections --timeout --tolerance --user --outcome --since --until --local-directory --redis --postgres --config --log-level -o --output --color)
    __flashctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--target')
        return
        ;;
    '--sale')
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion replay-attempts -- --sale "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    '--speed')
        return
        ;;
    '--connections')
        return
        ;;
    '--timeout')
        return
        ;;
    '--tolerance')
        return
        ;;
    '--user')
        __flashctl_add_completions -W "$(__flashctl_custom_complete ---completion replay-attempts -- --user "${COMP_CWORD}" "$(__flashctl_cursor_index_in_current_word)")"
        return
        ;;
    '--outcome')
        return
        ;;
    '--since')
        return
        ;;
    '--until')
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_flashctl_migrate() {
    repeating_flags=()
    non_repeating_flags=(--dry-run --local --version -h --help)
    repeating_options=()
    non_repeating_options=(--local-directory --redis --postgres --config --log-level -o --output --color)
    __flashctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_flashctl_config() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __flashctl_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    show)
        # Offer subcommand argument completions
        "_flashctl_config_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'show' -- "${cur}"))
        ;;
    esac
}

_flashctl_config_show() {
    repeating_flags=()
    non_repeating_flags=(--origin --rotate --no-rotate --allow-no-aof --local --version -h --help)
    repeating_options=()
    non_repeating_options=(--port --host --event-loops --admin-port --idle-time --shutdown-delay --header-field --header-total --header-count --backlog-limit --memory-limit --trace-sample --trace-file --hourly-stock --hourly-limit --hourly-hold --keep-finished --local-directory --redis --postgres --config --log-level -o --output --color)
    __flashctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--port')
        return
        ;;
    '--host')
        return
        ;;
    '--event-loops')
        return
        ;;
    '--admin-port')
        return
        ;;
    '--idle-time')
        return
        ;;
    '--shutdown-delay')
        return
        ;;
    '--header-field')
        return
        ;;
    '--header-total')
        return
        ;;
    '--header-count')
        return
        ;;
    '--backlog-limit')
        return
        ;;
    '--memory-limit')
        return
        ;;
    '--trace-sample')
        return
        ;;
    '--trace-file')
        return
        ;;
    '--hourly-stock')
        return
        ;;
    '--hourly-limit')
        return
        ;;
    '--hourly-hold')
        return
        ;;
    '--keep-finished')
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_flashctl_loadtest() {
    repeating_flags=()
    non_repeating_flags=(--closed --real-time --no-real-time --busy-poll --verify --local --abort-on-fail --version -h --help)
    repeating_options=(--fail-if --tolerance)
    non_repeating_options=(--preset --scenario --rate --stages --arrivals --find-max --spike-at --duration --warmup --requests --connections --purchases --target --run-id --seed --threads --timeout --yes-i-mean --local-directory --redis --postgres --config --log-level --compare --report --hdr-log -o --output --color)
    __flashctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--preset')
        __flashctl_add_completions -W 'megaload'$'\n''k6'$'\n''hour'
        return
        ;;
    '--scenario')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml)'
        return
        ;;
    '--rate')
        return
        ;;
    '--stages')
        return
        ;;
    '--arrivals')
        __flashctl_add_completions -W 'constant'$'\n''poisson'
        return
        ;;
    '--find-max')
        return
        ;;
    '--spike-at')
        __flashctl_add_completions -W 'now'$'\n''next-hour'
        return
        ;;
    '--duration')
        return
        ;;
    '--warmup')
        return
        ;;
    '--requests')
        return
        ;;
    '--connections')
        return
        ;;
    '--purchases')
        return
        ;;
    '--target')
        return
        ;;
    '--run-id')
        return
        ;;
    '--seed')
        return
        ;;
    '--threads')
        return
        ;;
    '--timeout')
        return
        ;;
    '--yes-i-mean')
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    '--fail-if')
        return
        ;;
    '--compare')
        __flashctl_add_completions -o plusdirs -fX '!*.@(json)'
        return
        ;;
    '--tolerance')
        return
        ;;
    '--report')
        __flashctl_add_completions -o plusdirs -fX '!*.@(html)'
        return
        ;;
    '--hdr-log')
        __flashctl_add_completions -o plusdirs -fX '!*.@(hlog)'
        return
        ;;
    '-o'|'--output')
        __flashctl_add_completions -W 'table'$'\n''json'$'\n''yaml'$'\n''ndjson'$'\n''csv'
        return
        ;;
    '--color')
        __flashctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_flashctl_shell() {
    repeating_flags=()
    non_repeating_flags=(--keep-going --read-only --local --version -h --help)
    repeating_options=()
    non_repeating_options=(-c --local-directory --redis --postgres --config --log-level)
    __flashctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '-c')
        return
        ;;
    '--local-directory')
        __flashctl_add_completions -d
        return
        ;;
    '--redis')
        return
        ;;
    '--postgres')
        return
        ;;
    '--config')
        __flashctl_add_completions -o plusdirs -fX '!*.@(yaml|yml|json)'
        return
        ;;
    '--log-level')
        return
        ;;
    esac
}

_flashctl_help() {
    repeating_flags=()
    non_repeating_flags=(--version)
    repeating_options=()
    non_repeating_options=()
    __flashctl_offer_flags_options -1
    COMPREPLY+=($(compgen -W 'serve seed-sale rotate-hour pause resume ban unban limit status inspect-user explain verify doctor reconcile replay-attempts migrate config loadtest shell exit-codes environment files' -- "${cur}"))
}

complete -o filenames -F _flashctl flashctl
