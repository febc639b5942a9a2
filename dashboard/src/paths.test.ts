import { expect, it } from 'vitest'
import { objectAddress, parseObjectAddress, paths } from './paths.ts'

it('builds every link of the dashboard', () => {
  const id = '0199a7b2-0000-7000-8000-000000000001'
  expect({
    overview: paths.overview(),
    objects: paths.objects(),
    objectsFiltered: paths.objects({ bucket: 'media', tier: 'cold', prefix: 'a b/ü' }),
    objectsOpen: paths.objects({ tier: 'hot', open: { bucket: 'media', key: '../x//y?z#1' } }),
    object: paths.object('media', 'films/one.mkv'),
    plans: paths.plans({ state: 'proposed' }),
    plan: paths.plan(id),
    planDecision: paths.plan(id, { decision: id }),
    migrations: paths.migrations({ active: 'true', direction: 'demotion' }),
    migration: paths.migration(id),
    stores: paths.stores(),
    upkeep: paths.upkeep({ kind: 'dark', run: id }),
    events: paths.events(),
    policies: paths.policies(),
  }).toMatchInlineSnapshot(`
    {
      "events": "/events",
      "migration": "/migrations?open=0199a7b2-0000-7000-8000-000000000001",
      "migrations": "/migrations?active=true&direction=demotion",
      "object": "/objects?open=media%2Ffilms%2Fone.mkv",
      "objects": "/objects",
      "objectsFiltered": "/objects?bucket=media&tier=cold&prefix=a+b%2F%C3%BC",
      "objectsOpen": "/objects?tier=hot&open=media%2F..%2Fx%2F%2Fy%3Fz%231",
      "overview": "/",
      "plan": "/plans/0199a7b2-0000-7000-8000-000000000001",
      "planDecision": "/plans/0199a7b2-0000-7000-8000-000000000001?decision=0199a7b2-0000-7000-8000-000000000001",
      "plans": "/plans?state=proposed",
      "policies": "/policies",
      "stores": "/stores",
      "upkeep": "/upkeep?kind=dark&run=0199a7b2-0000-7000-8000-000000000001",
    }
  `)
})

it('keeps any key whole', () => {
  for (const key of ['a', '/', '..', 'x//y', 'ü ?#&=%2F', `${'a/'.repeat(100)}b`]) {
    expect(parseObjectAddress(objectAddress('media', key))).toEqual({ bucket: 'media', key })
  }
  expect([parseObjectAddress('media'), parseObjectAddress('media/'), parseObjectAddress('/key')]).toEqual([
    null,
    null,
    null,
  ])
})
