import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { completionScript } from './completion.ts'

const program = new Command('dim').option('--quiet')
program.command('store').command('add').option('--kind <kind>', "a store's kind")
program.command('serve')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'dim-completion-'))
  writeFileSync(path.join(folder, 'dim.bash'), completionScript(program, 'bash'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What a real bash offers after these words. */
function completed(...words: string[]): string[] {
  const script = `. ${folder}/dim.bash; COMP_WORDS=(${['dim', ...words].map(word => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _dim; echo "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split(' ')
}

test('bash completes nouns, verbs and options', () => {
  expect(completed('s')).toEqual(['store', 'serve'])
  expect(completed('store', '')).toEqual(['add'])
  expect(completed('store', 'add', '--')).toEqual(['--kind'])
  expect(completed('--quiet', 'store', 'add', 'name', '--k')).toEqual(['--kind'])
})

test('fish gets every command with its meaning', () => {
  expect(completionScript(program, 'fish')).toContain(
    "complete -c dim -n '__fish_seen_subcommand_from store; and __fish_seen_subcommand_from add' -l kind -d 'a store\\'s kind'",
  )
})
