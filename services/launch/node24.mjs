// Runs its arguments under Node 24, whatever Node runs this file; see ./node.mjs.
import { runUnderNode24 } from './node.mjs'

process.exitCode = await runUnderNode24(process.argv.slice(2))
