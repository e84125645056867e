'use strict';
// What the page says, in the reader's language.
const WORDS = {
  en: {
    skip: 'Skip to the book', contents: 'Contents', book: 'Book', view: 'View', pages: 'Pages', text: 'Text', page: 'Page',
    smaller: 'Smaller', larger: 'Larger', fit: 'Fit to the window', spread: 'Spreads, as in print', marks: 'Crop marks', follow: 'Follow what I edit',
    help: 'Keyboard', keys: 'Keyboard', close: 'Close', problems: 'Problems', copy: 'Copy', copied: 'copied', pageOf: n => `Page ${n}`,
    building: 'Typesetting', upToDate: 'Up to date', failed: 'Not built', waiting: 'Waiting for the first build', lost: 'Connection lost, trying again',
    took: s => `${s} s`, at: t => `at ${t}`, errors: n => n === 1 ? '1 error' : `${n} errors`, warnings: n => n === 1 ? '1 warning' : `${n} warnings`,
    error: 'error', warning: 'warning', hint: 'Hint', changed: n => n === 1 ? '1 page changed' : `${n} pages changed`,
    noPages: 'There is no PDF yet. It appears here as soon as it is built.', noText: 'This chapter cannot be shown as text.',
    showPage: 'Show in the pages', showText: 'Show in the text', noPlace: 'Nothing of the manuscript was found here', noSpot: 'This line was not found in the PDF',
    keylist: [['j / k', 'next / previous page'], ['n / p', 'next / previous changed page'], ['t', 'pages or text'], ['c', 'contents'],
      ['+ / − / 0', 'larger, smaller, fit'], ['s', 'spreads'], ['m', 'crop marks'], ['f', 'follow what I edit'], ['e', 'to the error'], ['g', 'go to a page'], ['click', 'line of the manuscript'], ['?', 'this help']],
    draft: 'Draft', draftMeans: 'bookci has set these pages itself, without TeX: the book breaks its lines and pages elsewhere',
    followOn: 'Following edits', followOff: 'Staying where you are',
  },
  ja: {
    skip: '本文へ移動', contents: '目次', book: '本', view: '表示', pages: 'ページ', text: 'テキスト', page: 'ページ',
    smaller: '縮小', larger: '拡大', fit: 'ウィンドウに合わせる', spread: '見開き', marks: 'トンボ', follow: '編集箇所を追う',
    help: 'キー操作', keys: 'キー操作', close: '閉じる', problems: '問題', copy: 'コピー', copied: 'コピーしました', pageOf: n => `${n}ページ`,
    building: '組版中', upToDate: '最新', failed: '組版できません', waiting: '最初の組版を待っています', lost: '接続が切れました。再接続しています',
    took: s => `${s}秒`, at: t => `${t}`, errors: n => `エラー ${n}件`, warnings: n => `警告 ${n}件`,
    error: 'エラー', warning: '警告', hint: 'ヒント', changed: n => `変更 ${n}ページ`,
    noPages: 'PDFはまだありません。できしだい、ここに表示します。', noText: 'この章はテキストで表示できません。',
    showPage: 'ページで見る', showText: 'テキストで見る', noPlace: 'ここに対応する原稿は見つかりませんでした', noSpot: 'この行はPDFに見つかりませんでした',
    keylist: [['j / k', '次・前のページ'], ['n / p', '次・前の変更ページ'], ['t', 'ページとテキストの切り替え'], ['c', '目次'],
      ['+ / − / 0', '拡大・縮小・合わせる'], ['s', '見開き'], ['m', 'トンボ'], ['f', '編集箇所を追う'], ['e', 'エラーの場所へ'], ['g', 'ページを指定'], ['クリック', '原稿の行'], ['?', 'この説明']],
    draft: '下書き', draftMeans: 'TeXを使わずにbookciが組んだページです。行やページの切れ目は、本とは違います',
    followOn: '編集箇所を追います', followOff: '今の場所にとどまります',
  },
};
const LANGUAGE = (navigator.language || 'en').toLowerCase().startsWith('ja') ? 'ja' : 'en';
const W = WORDS[LANGUAGE];
