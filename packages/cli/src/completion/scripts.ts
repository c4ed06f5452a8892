/** When the candidates contain this line, the script completes file names, too. */
export const FILES_LINE = ':files';

/** The supported shells. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * Returns the completion script of a shell. The script runs `typekro completion candidates`, which prints each
 * candidate on its own line as `word TAB summary`, and `:files` if file names are possible.
 */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# Completion of typekro for bash. Load it with: source <(typekro completion bash)
_typekro() {
  local word summary
  COMPREPLY=()
  while IFS=$'\\t' read -r word summary; do
    if [[ $word == "${FILES_LINE}" ]]; then
      compopt -o default 2>/dev/null
    else
      COMPREPLY+=("$word")
    fi
  done < <("\${COMP_WORDS[0]}" completion candidates -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _typekro typekro kubectl-typekro`,
  zsh: `#compdef typekro kubectl-typekro
# Completion of typekro for zsh. Load it with: source <(typekro completion zsh)
_typekro() {
  local line files=0
  local -a found
  for line in "\${(@f)$("\${words[1]}" completion candidates -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == "${FILES_LINE}" ]]; then
      files=1
    elif [[ -n $line ]]; then
      found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done
  (( \${#found} )) && _describe typekro found
  (( files )) && _files
}
compdef _typekro typekro kubectl-typekro`,
  fish: `# Completion of typekro for fish. Load it with: typekro completion fish | source
function __typekro_candidates
  set -l words (commandline -opc) (commandline -ct)
  for line in ($words[1] completion candidates -- $words[2..-1] 2>/dev/null)
    if test "$line" = "${FILES_LINE}"
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c typekro -f -a '(__typekro_candidates)'
complete -c kubectl-typekro -f -a '(__typekro_candidates)'`,
};
