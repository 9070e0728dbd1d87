// Whether the process in this container answers: the image's HEALTHCHECK. Exit code 0 or 1.
// Through loopback, wherever the admin server listens: 0.0.0.0 includes it, and nothing else is sensible here.
const port = process.env['GATEWATCH_ADMIN__PORT'] || '9090'
const answer = await fetch(`http://127.0.0.1:${port}/health/live`, {
  signal: AbortSignal.timeout(4000),
}).catch(() => null)
process.exitCode = answer?.ok === true ? 0 : 1
