import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { PARTITIONS } from '../support/log/driver-under-test.ts'
import { eventLogContract } from '../support/log/event-log-contract.ts'

eventLogContract('embedded', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-log-'))
  return {
    open: () => openEmbeddedLog({ directory, partitions: PARTITIONS }),
    child: {
      module: new URL('../support/log/embedded-log-driver.ts', import.meta.url).href,
      argument: directory,
    },
    close: () => rm(directory, { recursive: true, force: true }),
  }
})
