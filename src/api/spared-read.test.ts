import { expect, it } from 'vitest'
import { spareRead } from './spared-read.ts'

function aRead(takesMs: number) {
  const wall = { at: 1_000, now: () => wall.at }
  let reads = 0
  const read = async () => {
    wall.at += takesMs
    return ++reads
  }
  return { wall, read: spareRead(wall, read) }
}

it('reads what is quickly read each time', async () => {
  const { read, wall } = aRead(0)
  expect([await read(), await read()]).toEqual([1, 2])
  wall.at++
  expect(await read()).toBe(3)
})

it('spends at most a hundredth of the time on what takes long', async () => {
  const { read, wall } = aRead(50)
  expect(await read()).toBe(1)
  wall.at += 4_999
  expect(await read()).toBe(1)
  wall.at += 1
  expect(await read()).toBe(2)
})

it('tells nothing that is older than five minutes, also when the clock was set back', async () => {
  const { read, wall } = aRead(60_000)
  await read()
  wall.at -= 1
  expect(await read()).toBe(2)
  wall.at += 5 * 60_000
  expect(await read()).toBe(3)
})

it('reads once for all who ask meanwhile, and forgets an error', async () => {
  const wall = { now: () => 0 }
  const answers: ((fails: boolean) => void)[] = []
  const read = spareRead(
    wall,
    () =>
      new Promise<string>((resolve, reject) => {
        answers.push(fails => (fails ? reject(new Error('no')) : resolve('yes')))
      }),
  )
  const both = [read(), read()]
  answers[0]!(true)
  expect((await Promise.allSettled(both)).map(one => one.status)).toEqual(['rejected', 'rejected'])
  const again = read()
  answers[1]!(false)
  expect(await again).toBe('yes')
  expect(answers).toHaveLength(2)
})
