import { pino } from 'pino'
import { expect, it } from 'vitest'
import { createLifecycle } from '../../../services/runtime/lifecycle.ts'

const logger = pino({ level: 'silent' })

it('stops in the reverse order, each after the one before has ended', async () => {
  const said: string[] = []
  const lifecycle = createLifecycle(logger)
  for (const name of ['log', 'scoring', 'gateway'])
    await lifecycle.start(name, async () => ({
      async stop() {
        said.push(`${name} stops`)
        await new Promise((resolve) => setTimeout(resolve, 5))
        said.push(`${name} stopped`)
      },
    }))
  await Promise.all([lifecycle.stop(), lifecycle.stop()])
  expect(said).toEqual([
    'gateway stops',
    'gateway stopped',
    'scoring stops',
    'scoring stopped',
    'log stops',
    'log stopped',
  ])
})

it('stops the others when one fails to stop, and tells of it afterwards', async () => {
  const stopped: string[] = []
  const lifecycle = createLifecycle(logger)
  await lifecycle.start('log', async () => ({
    async stop() {
      stopped.push('log')
    },
  }))
  await lifecycle.start('bad', async () => ({ stop: () => Promise.reject(new Error('stuck')) }))
  await expect(lifecycle.stop()).rejects.toThrow('stuck')
  expect(stopped).toEqual(['log'])
})

it('remembers nothing of a part that could not start, and starts nothing while stopping', async () => {
  const lifecycle = createLifecycle(logger)
  await expect(lifecycle.start('bad', () => Promise.reject(new Error('no port')))).rejects.toThrow('no port')
  await lifecycle.stop()
  await expect(lifecycle.start('late', async () => ({ stop: async () => {} }))).rejects.toThrow('late')
})

it('stops a part that came up while everything was being stopped', async () => {
  const lifecycle = createLifecycle(logger)
  let up = (): void => {}
  let stopped = false
  const starting = lifecycle.start('slow', async () => {
    await new Promise<void>((resolve) => {
      up = resolve
    })
    return {
      async stop() {
        stopped = true
      },
    }
  })
  const stopping = lifecycle.stop()
  up()
  await Promise.all([starting, stopping])
  expect(stopped).toBe(true)
})
