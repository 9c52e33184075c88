/**
 * Ant Design's controls in our tokens: filters that say what they are and what is chosen. Pages that
 * need none of them do not load them.
 */
import { theme as antTheme, ConfigProvider, DatePicker, Select } from 'antd';
import enUs from 'antd/locale/en_US';
import zhCn from 'antd/locale/zh_CN';
import dayjs from 'dayjs';
import 'dayjs/locale/zh-cn';
import { useMemo } from 'react';
import { addDays } from '../dates.ts';
import { useLanguage } from '../language.ts';
import { useIsPhone } from '../phone.ts';
import { token, useTheme } from '../theme.ts';
import './controls.css';

/** Wraps whatever uses Ant Design: its theme is read from the tokens of the style sheet. */
export function Controls({ children }: { children: React.ReactNode }) {
  const language = useLanguage();
  const shown = useTheme();
  const phone = useIsPhone();
  const theme = useMemo(() => antThemeOf(shown, phone), [shown, phone]);
  dayjs.locale(language === 'zh' ? 'zh-cn' : 'en');
  return (
    <ConfigProvider
      theme={theme}
      locale={language === 'zh' ? zhCn : enUs}
      wave={{ disabled: true }}
    >
      {children}
    </ConfigProvider>
  );
}

function antThemeOf(shown: 'light' | 'dark', phone: boolean) {
  return {
    algorithm: shown === 'dark' ? antTheme.darkAlgorithm : antTheme.defaultAlgorithm,
    token: {
      colorPrimary: token('ink'),
      colorLink: token('accent'),
      colorText: token('ink'),
      colorTextSecondary: token('text2'),
      colorTextTertiary: token('text3'),
      colorTextPlaceholder: token('text3'),
      colorBgContainer: token('surface'),
      colorBgElevated: token('raised'),
      colorBorder: token('lineStrong'),
      colorBorderSecondary: token('line'),
      colorError: token('neg'),
      controlItemBgActive: token('selected'),
      controlItemBgHover: token('hover'),
      controlOutline: token('accent'),
      controlOutlineWidth: 0,
      borderRadius: 6,
      controlHeight: phone ? 44 : 30,
      fontSize: phone ? 15 : 13,
      fontFamily: 'inherit',
      motion: false,
      boxShadowSecondary: 'var(--shadow)',
    },
    components: { DatePicker: { cellActiveWithRangeBg: token('selected') } },
  };
}

/** "Building  All ⌄": what it filters, quiet, and what is chosen, bold. */
export function Filter<Value extends string>({
  label,
  value,
  options,
  onChange,
  search,
}: {
  label: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
  search?: boolean;
}) {
  return (
    <Select<Value>
      className="filter"
      aria-label={label}
      prefix={<span className="filter-label">{label}</span>}
      value={value}
      options={[...options]}
      onChange={onChange}
      popupMatchSelectWidth={false}
      virtual={options.length > 60}
      showSearch={search ? { optionFilterProp: 'label' } : false}
    />
  );
}

/** One day 'YYYY-MM-DD' (or month 'YYYY-MM') to choose or to type; '' where none is chosen. */
export function DayPicker({
  id,
  label,
  value,
  onChange,
  picker = 'date',
}: {
  id?: string;
  /** Where no words stand beside it. */
  label?: string;
  value: string;
  onChange: (value: string) => void;
  picker?: 'date' | 'month';
}) {
  const language = useLanguage();
  const formats = {
    date: { kept: 'YYYY-MM-DD', shown: language === 'zh' ? 'YYYY-MM-DD' : 'D MMM YYYY' },
    month: { kept: 'YYYY-MM', shown: language === 'zh' ? 'YYYY-MM' : 'MMMM YYYY' },
  }[picker];
  return (
    <DatePicker
      id={id}
      aria-label={label}
      className="day-picker"
      picker={picker}
      // As it is shown, and as it is written everywhere else.
      format={[formats.shown, formats.kept]}
      value={value ? dayjs(value) : null}
      onChange={(chosen) => onChange(chosen?.format(formats.kept) ?? '')}
    />
  );
}

/** A range of whole days; `to` is the day after the last one shown. */
export function DayRange({
  label,
  from,
  to,
  presets,
  onChange,
}: {
  label: string;
  from: string;
  to: string;
  presets: readonly { label: string; from: string; to: string }[];
  onChange: (from: string, to: string) => void;
}) {
  const language = useLanguage();
  const day = (text: string) => dayjs(text);
  return (
    <DatePicker.RangePicker
      className="filter"
      aria-label={label}
      allowClear={false}
      inputReadOnly
      format={language === 'zh' ? 'YYYY-MM-DD' : 'D MMM YYYY'}
      value={[day(from), day(addDays(to, -1))]}
      presets={presets.map((preset) => ({
        label: preset.label,
        value: [day(preset.from), day(addDays(preset.to, -1))],
      }))}
      onChange={(range) => {
        const [first, last] = range ?? [];
        if (first && last) {
          onChange(first.format('YYYY-MM-DD'), addDays(last.format('YYYY-MM-DD'), 1));
        }
      }}
    />
  );
}
