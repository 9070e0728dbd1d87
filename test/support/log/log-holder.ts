/** Holds the group `storage` of the log in its first argument, says so, and stays; a copy would go to the second. */
import { copyLog } from '../../../services/runtime/log/embedded/hot-copy.ts'

await copyLog({
  directory: process.argv[2] ?? '',
  to: process.argv[3] ?? '',
  groups: ['storage'],
  hold_timeout_ms: 5_000,
  held() {
    process.send?.('held')
    return new Promise(() => setInterval(() => {}, 1_000))
  },
})
