// On a phone the menu covers the page: once it has led to one, it closes. In this tab only the first page is no way.

const PHONE = "(max-width: 768px)";

export default function ({ data: [data] }) {
  const root = document.documentElement;
  const before = root.dataset.openPage;
  root.dataset.openPage = data.page;
  if (!before || before === data.page || !matchMedia(PHONE).matches) return;
  const sidebar = document.querySelector('[data-testid="stSidebar"][data-collapsed="false"]');
  sidebar?.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}
