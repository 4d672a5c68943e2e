# Completion of saldod(8) for bash. Checked against the program by tests/unit/test_manual.c.

_saldod() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} options
    COMPREPLY=()
    case $before in
        -c | --config | --new-key | -o | --output)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
            ;;
    esac
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W 'run migrate check pull status seal export --help --version' -- "$word")
        return
    fi
    options='-c --config -h --help --version'
    case ${COMP_WORDS[1]} in
        status) options="$options --json" ;;
        check) options="$options --no-credentials" ;;
        export) options="$options --format -o --output --encoding" ;;
        seal) options="$options --new-key" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
}
complete -F _saldod saldod
