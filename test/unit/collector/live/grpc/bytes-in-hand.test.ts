import { expect, it } from 'vitest'
import { BytesInHand } from '../../../../../services/collector/live/grpc/bytes-in-hand.ts'

it('lets in as many bytes as there is room for, in their order, and what is larger than the room alone', async () => {
  const inHand = new BytesInHand(10)
  const entered: string[] = []
  const enter = async (name: string, bytes: number) => {
    const leave = await inHand.enter(bytes)
    entered.push(name)
    return leave
  }
  const turns = () => new Promise<void>((resolve) => void setImmediate(resolve))
  const first = await enter('first', 6)
  const second = await enter('second', 4)
  const large = enter('large', 30)
  const small = enter('small', 1)
  await turns()
  expect(entered).toEqual(['first', 'second'])
  first()
  await turns()
  // What waits for all the room is not passed by what needs little.
  expect(entered).toEqual(['first', 'second'])
  second()
  const leave = await large
  expect(entered).toEqual(['first', 'second', 'large'])
  leave()
  await small
  expect(entered).toEqual(['first', 'second', 'large', 'small'])
})
