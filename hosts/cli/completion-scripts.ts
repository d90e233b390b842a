/**
 * `mayfly completion SHELL`. The scripts know nothing of our commands: on Tab they hand what was
 * typed to the hidden `mayfly __complete`, which answers with candidates.
 */

const bash = `# mayfly completion for bash: source <(mayfly completion bash)
_mayfly() {
  local candidate
  COMPREPLY=()
  while IFS= read -r candidate; do
    case $candidate in
      :files) compopt -o default 2>/dev/null; return ;;
      :open) compopt -o nospace 2>/dev/null ;;
      *) COMPREPLY+=("$candidate") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete bash "\${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
}
complete -F _mayfly mayfly
`

const zsh = `#compdef mayfly
# mayfly completion for zsh: mayfly completion zsh > a folder of $fpath, as _mayfly
_mayfly() {
  local -a described plain typed
  local word description
  typed=("\${(@Q)words[2,CURRENT]}")
  while IFS=$'\\t' read -r word description; do
    if [[ $word == :files ]]; then
      _files
      return
    fi
    plain+=("$word")
    described+=("$word\${description:+  -- $description}")
  done < <("\${(Q)words[1]}" __complete words "\${typed[@]}" 2>/dev/null)
  compadd -l -d described -a plain
}
if [[ $funcstack[1] == _mayfly ]]; then _mayfly "$@"; else compdef _mayfly mayfly; fi
`

const fish = `# mayfly completion for fish: mayfly completion fish > ~/.config/fish/completions/mayfly.fish
function __mayfly_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct | string unescape 2>/dev/null; or commandline -ct)
    set -l lines ($before[1] __complete words $before[2..-1] "$current" 2>/dev/null)
    if test "$lines" = ":files"
        __fish_complete_path (commandline -ct)
        return
    end
    printf '%s\\n' $lines
end
complete -c mayfly -f -a '(__mayfly_complete)'
`

const scripts = { bash, zsh, fish } as const
export type Shell = keyof typeof scripts

export function completionScript(shell: Shell): string {
  return scripts[shell]
}
