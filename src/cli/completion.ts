import type { Command } from 'commander'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** A command line and what may follow it. */
interface Words {
  /** Commands typed so far, for example `store add`. */
  readonly path: string
  readonly words: readonly { readonly word: string; readonly meaning: string }[]
}

/** A script that completes commands and options of a program in a shell. Pure. */
export function completionScript(program: Command, shell: Shell): string {
  const entries = collectWords(program, [])
  switch (shell) {
    case 'bash':
      return bashScript(entries)
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bashScript(entries)}`
    case 'fish':
      return fishScript(entries)
    default:
      return shell satisfies never
  }
}

function collectWords(command: Command, trail: readonly string[]): Words[] {
  const shown = command.commands.filter(child => child.name() !== 'help')
  const words = [
    ...shown.map(child => ({ word: child.name(), meaning: child.description() })),
    ...command.options
      .filter(option => option.long != null)
      .map(option => ({ word: option.long!, meaning: option.description })),
  ]
  return [
    { path: trail.join(' '), words },
    ...shown.flatMap(child => collectWords(child, [...trail, child.name()])),
  ]
}

function bashScript(entries: readonly Words[]): string {
  const cases = entries.map(
    ({ path, words }) => `    '${path}') words='${words.map(({ word }) => word).join(' ')}' ;;`,
  )
  return `# dim completion bash|zsh: put it where your shell looks for completions, or source it.
_dim() {
  local path='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  while :; do
    case "$path" in
${cases.join('\n')}
    esac
    [ -n "$words" ] && break
    case "$path" in *' '*) path="\${path% *}" ;; *) path='' ;; esac
  done
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _dim dim`
}

function fishScript(entries: readonly Words[]): string {
  const lines = entries.flatMap(({ path, words }) =>
    words.map(({ word, meaning }) => {
      const condition =
        path === ''
          ? '__fish_use_subcommand'
          : `__fish_seen_subcommand_from ${path.split(' ').join('; and __fish_seen_subcommand_from ')}`
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`
      return `complete -c dim -n '${condition}' ${what} -d '${meaning.replaceAll("'", "\\'")}'`
    }),
  )
  return ['# dim completion fish > ~/.config/fish/completions/dim.fish', ...lines].join('\n')
}
