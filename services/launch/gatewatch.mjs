#!/usr/bin/env node
// The `gatewatch` command: services/cli.ts under Node 24.
import { join } from 'node:path'
import { root, runUnderNode24 } from './node.mjs'

process.exitCode = await runUnderNode24([
  // kafkajs 2.2.4 sets a timer for a moment that has passed whenever a broker does not throttle it; Node makes it
  // 1 ms, as is meant, and would tell the user of it.
  '--disable-warning=TimeoutNegativeWarning',
  join(root, 'services', 'cli.ts'),
  ...process.argv.slice(2),
])
