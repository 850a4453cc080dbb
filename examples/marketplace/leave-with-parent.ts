/**
 * Preloaded into the processes of the demo: when the demo is gone, however it went, its channel closes and the
 * process is told to stop.
 */
if (process.channel) {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel.unref()
}
