import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROBLEMS } from '../src/api/problems.ts'
import { ROLES_OF_ROUTES } from '../src/api/roles-of-routes.ts'
import { generatedFiles } from './generate-reference.ts'

const root = path.resolve(import.meta.dirname, '..')
const read = (file: string) => readFile(path.join(root, file), 'utf8')

describe('files made from code', () => {
  it('are committed as they would be made now (npm run generate)', async () => {
    for (const [file, content] of await generatedFiles())
      expect([file, (await read(file)) === content]).toEqual([file, true])
  })
})

describe('the reference page of problems', () => {
  it('has every code and no other', async () => {
    const page = await read('docs/reference/problems.md')
    const codes = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(match => match[1])
    expect(codes.sort()).toEqual(Object.keys(PROBLEMS).sort())
  })
})

interface Operation {
  operationId?: string
  summary?: string
  responses: Record<string, { description?: string; content?: Record<string, unknown> }>
  parameters?: { in: string; name: string }[]
  security?: unknown[]
  'x-role'?: string
}

describe('the OpenAPI document', async () => {
  const text = await read('docs/reference/openapi.json')
  const document = JSON.parse(text) as {
    openapi: string
    info: Record<string, unknown>
    paths: Record<string, Record<string, Operation>>
    components: { schemas: Record<string, unknown> }
  }
  const operations = Object.entries(document.paths).flatMap(([url, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ url, method, operation })),
  )

  it('is of version 3.1 and says what it is', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(document.info).toMatchObject({ title: 'Data in Motion', license: { name: 'Apache-2.0' } })
  })

  it('refers only to schemas it has, and has none that nothing refers to but what the stream sends', () => {
    const references = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(match => match[1]!))
    const names = Object.keys(document.components.schemas)
    for (const reference of references) expect(names).toContain(reference)
    const streamed = new Set(['OverviewTick'])
    expect(names.filter(name => !references.has(name) && !streamed.has(name))).toEqual([])
  })

  it('gives every operation a unique id, a summary, a role and the form of its errors', () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { operation, url } of operations) {
      expect([url, operation.summary?.length]).not.toEqual([url, undefined])
      expect([url, operation['x-role']]).not.toEqual([url, undefined])
      expect(operation.responses.default?.content).toHaveProperty(['application/problem+json'])
      for (const response of Object.values(operation.responses)) expect(response.description).toBeTruthy()
    }
  })

  it('describes every parameter of every path', () => {
    for (const { url, operation } of operations) {
      const inPath = [...url.matchAll(/\{(\w+)\}/g)].map(match => match[1]).sort()
      const described = (operation.parameters ?? [])
        .filter(parameter => parameter.in === 'path')
        .map(parameter => parameter.name)
      expect([url, described.sort()]).toEqual([url, inPath])
    }
  })

  it('has every route but the dashboard, itself and spellings of other routes', () => {
    const hidden = /^(GET \/\*|GET \/openapi\.json|\w+ \/v1\/objects\/:bucket\/\*)$/
    const described = operations.map(
      ({ url, method }) => `${method.toUpperCase()} ${url.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    )
    expect(described.sort()).toEqual(
      Object.keys(ROLES_OF_ROUTES)
        .filter(route => !hidden.test(route))
        .sort(),
    )
  })
})
