import { join } from 'node:path'
import { it } from 'vitest'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { expectKillsToLoseNothing } from '../support/whole/roles-apart.ts'

/** Of each of four victims: eight; test/README.md counts them all. */
const TIMES = 2

it(`gateway, scoring, storage and feedback share an embedded log, and are killed with -9 at random, each ${TIMES} times under load: no acknowledged decision is missing, none is stored twice, and findings equal a replay`, async () => {
  await expectKillsToLoseNothing({
    times: TIMES,
    openLog: (dataDir) => openEmbeddedLog({ directory: join(dataDir, 'log') }),
  })
})
