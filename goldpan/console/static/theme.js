// Sets the theme that was chosen before anything is painted; no choice: the system's.
try {
  const theme = localStorage.getItem("goldpan-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* a browser that keeps nothing has the system's theme */ }
document.documentElement.classList.add("js");
