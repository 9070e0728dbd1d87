/** A gateway in a process of its own, so that a test can kill it. Prints `ready <port>`. */
import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import { startTestGateway } from './gateway.ts'

const [directory = '', policy = ''] = process.argv.slice(2)
const eventLog = await openEmbeddedLog({ directory, partitions: 4 })
const gateway = await startTestGateway(directory, eventLog, policy)
process.stdout.write(`ready ${gateway.proxy_port}\n`)
process.once('SIGTERM', () => {
  void gateway.stop().then(async () => {
    await eventLog.close()
    process.exit(0)
  })
})
