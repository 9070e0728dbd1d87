#!/usr/bin/env node
// The `gatewatch` command: services/cli.ts under Node 24.
import { join } from 'node:path'
import { root, runUnderNode24 } from './node.mjs'

process.exitCode = await runUnderNode24([join(root, 'services', 'cli.ts'), ...process.argv.slice(2)])
