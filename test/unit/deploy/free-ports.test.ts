import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { freePorts } from '../../../deploy/kafka/free-ports.ts'

it('gives no port twice, to one process or to several at once', async () => {
  const module = new URL('../../../deploy/kafka/free-ports.ts', import.meta.url).href
  const script = `import(${JSON.stringify(module)}).then(({ freePorts }) => freePorts(50)).then((ports) => console.log(JSON.stringify(ports)))`
  const run = promisify(execFile)
  const others = await Promise.all([1, 2].map(() => run(process.execPath, ['-e', script])))
  const ports = [...(await freePorts(50)), ...others.flatMap(({ stdout }) => JSON.parse(stdout) as number[])]
  expect(new Set(ports).size).toBe(150)
  expect(ports.every((port) => port >= 20_000 && port < 32_000)).toBe(true)
})
