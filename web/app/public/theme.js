// Chooses light or dark before the first paint; a file of its own so that no inline script is needed.
(() => {
  let choice = 'system';
  try {
    choice = localStorage.getItem('wattledger.theme') || 'system';
  } catch {
    // Storage may be refused; the system's choice holds then.
  }
  const dark =
    choice === 'dark' ||
    (choice === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
