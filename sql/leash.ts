/**
 * Imported before a room's main by the launcher: when the launcher is gone, killed perhaps, the
 * process is told to stop, and is ended when it does not.
 */
const STOP_DEADLINE_MS = 15_000;

process.once('disconnect', () => {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_DEADLINE_MS).unref();
  process.kill(process.pid, 'SIGTERM');
});
// Listening must not keep a process alive that has finished its work.
process.channel?.unref();
