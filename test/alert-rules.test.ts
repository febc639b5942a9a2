import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { METRIC_DEFINITIONS } from '../src/telemetry/metric-definitions.ts'

/** Rules that watch figures nobody tells are silent for ever, so each name and label is compared with the code. */

const RULES = path.join(import.meta.dirname, '..', 'deploy', 'prometheus', 'rules')
const HOW_TO_GET_IT = 'promtool is not installed: install the package "prometheus" of your system'

interface Rule {
  readonly alert: string
  readonly expr: string
}

async function readRules(): Promise<readonly Rule[]> {
  const { groups } = parse(await readFile(path.join(RULES, 'data-in-motion.yaml'), 'utf8'))
  return groups.flatMap((group: { rules: Rule[] }) => group.rules)
}

/** Labels that an expression selects or groups by. */
function labelsOf(expr: string): readonly string[] {
  const selected = [...expr.matchAll(/([a-z_]+)(?:=~|!~|!=|=)"/g)].map(match => match[1]!)
  const grouped = [...expr.matchAll(/by \(([a-z_, ]+)\)/g)].flatMap(match => match[1]!.split(/, */))
  return [...selected, ...grouped]
}

describe('alert rules', () => {
  it('watch only metrics and labels that there are', async () => {
    const definitions = Object.values(METRIC_DEFINITIONS)
    for (const { alert, expr } of await readRules()) {
      const names = [...expr.matchAll(/dim_[a-z_]+/g)].map(match => match[0].replace(/_count$/, ''))
      const watched = definitions.filter(({ name }) => names.includes(name))
      expect([alert, [...new Set(names)].length]).toEqual([alert, watched.length])
      const known: readonly string[] = watched.flatMap(({ labels }) => [...labels])
      expect([alert, labelsOf(expr).filter(label => !known.includes(label))]).toEqual([alert, []])
    }
  })

  it('are all in the guide, which has no others', async () => {
    const guide = await readFile(path.join(RULES, '..', '..', '..', 'docs', 'guides', 'alerts.md'), 'utf8')
    const told = [...guide.matchAll(/^\| `(Dim[A-Za-z]+)`/gm)].map(match => match[1])
    expect(told).toEqual((await readRules()).map(({ alert }) => alert))
  })

  it('alert when they should, and not when all is calm', ({ skip }) => {
    const { error, status, stderr, stdout } = spawnSync(
      'promtool',
      ['test', 'rules', 'data-in-motion.test.yaml'],
      {
        cwd: RULES,
        encoding: 'utf8',
      },
    )
    if (error !== undefined) {
      if (process.env.DIM_REQUIRE_SERVICES === '1') throw new Error(HOW_TO_GET_IT)
      return skip(HOW_TO_GET_IT)
    }
    expect([status, stdout, stderr].join('\n')).toContain('SUCCESS')
    expect(status).toBe(0)
  })
})
