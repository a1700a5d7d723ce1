// Where the site is mounted. Addresses that scripts make begin with it.

// A path with a slash at its end: "/", or "/photos/" behind a proxy.
export const root = document.documentElement.dataset.root;

// What this site keeps in the browser goes by names of its own: sites under other paths of the host have the same storage.
export const storageName = (name) => (root === "/" ? name : `${name}:${root}`);
