import { bringSystemPackages } from './run/packages.ts'
import { runChecks } from './run/checks.ts'
import { bringGrafanaTools } from './run/grafana-tools.ts'
import { bringKafka } from './run/kafka.ts'
import { runSuites } from './run/suites.ts'

/**
 * What `npm test` runs: the checks first (types, lint, format, walls, dead
 * code), then every suite. The last line is the sum of both:
 * `N passed, N failed` (`, N skipped`). Arguments go to vitest, for one file.
 */
const filters = process.argv.slice(2)

bringSystemPackages()
const none = { passed: 0, failed: 0, skipped: 0 }
const checking = filters.length > 0 ? none : runChecks()
const [checks] = await Promise.all([checking, bringKafka(), bringGrafanaTools()])
const suites = await runSuites(filters)

const passed = checks.passed + suites.passed
const failed = checks.failed + suites.failed
const skipped = checks.skipped + suites.skipped
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
