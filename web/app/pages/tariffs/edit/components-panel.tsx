/** The components of a version in their order: a line each, opened in place to be edited. */
import { useContext } from 'react';
import { useTranslation } from 'react-i18next';
import type { Commodity } from '../../../api.ts';
import { nameOf, useLanguage } from '../../../language.ts';
import { Icon } from '../../../parts/icons.tsx';
import { Menu } from '../../../parts/menu.tsx';
import type { Component, ComponentKind, TariffDefinition } from '../../../tariff-shapes.ts';
import { usePriceLine } from '../price-line.ts';
import { useUnits } from '../units.ts';
import { ComponentForm } from './component-form.tsx';
import { COMPONENTS_MAX, faultsAt, newComponent, replaced } from './definition.ts';
import type { Define } from './draft.ts';
import { FaultContext, FaultLines } from './field.tsx';

const kinds: readonly ComponentKind[] = ['usage', 'fixed', 'demand', 'allowance', 'minimum'];

export function ComponentsPanel({
  definition,
  before,
  commodity,
  indexes,
  lists,
  opened,
  onOpen: open,
  define,
}: {
  definition: TariffDefinition;
  before: TariffDefinition | undefined;
  commodity: Commodity;
  indexes: readonly string[];
  lists: readonly string[];
  /** The component that is opened, by its place. */
  opened: number | null;
  onOpen: (index: number | null) => void;
  define: Define;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const units = useUnits(commodity);
  const line = usePriceLine(commodity);
  const faults = useContext(FaultContext);
  const { components } = definition;
  const set = (to: Component[], group?: string) =>
    define((now) => ({ ...now, components: to }), group);
  const move = (index: number, by: -1 | 1) => {
    const other = components[index + by];
    const own = components[index];
    if (!other || !own) return;
    set(replaced(replaced(components, index, other), index + by, own));
    open(index + by);
  };
  const nameFor = (kind: ComponentKind) =>
    kind === 'usage' && commodity === 'electricity'
      ? t('tariff.energyName')
      : t(`tariff.kind.${kind}`);
  const add = (kind: ComponentKind) => {
    set([...components, newComponent(kind, nameFor(kind), components)]);
    open(components.length);
  };
  const stateOf = (component: Component): 'new' | 'changed' | null => {
    const old = before?.components.find(({ code }) => code === component.code);
    if (!before) return null;
    if (!old) return 'new';
    return JSON.stringify(old) === JSON.stringify(component) ? null : 'changed';
  };
  const gone = before?.components.filter(
    ({ code }) => !components.some((each) => each.code === code),
  );
  return (
    <section className="panel" id="part-components" aria-label={t('tariff.components.title')}>
      <div className="panel-head">
        <h2>{t('tariff.components.title')}</h2>
        <span className="second">
          {t('tariff.components.count', { count: components.length, max: COMPONENTS_MAX })}
        </span>
        <span className="rest second">{units.price}</span>
        {components.length < COMPONENTS_MAX && (
          <Menu
            label={t('tariff.components.add')}
            className="button small"
            right
            button={
              <>
                <Icon name="plus" size={14} />
                {t('tariff.components.add')}
              </>
            }
            items={kinds.map((kind) => ({
              key: kind,
              label: (
                <span>
                  {t(`tariff.kind.${kind}`)}
                  <span className="second block">{t(`tariff.kindIs.${kind}`)}</span>
                </span>
              ),
              onSelect: () => add(kind),
            }))}
          />
        )}
      </div>
      <ul className="component-list">
        {components.map((component, index) => {
          const wrong = faultsAt(faults, `/components/${index}`).length;
          const state = stateOf(component);
          const isOpen = opened === index;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: its code is being typed; its place is what it is.
            <li key={index} id={`component-${index}`} className={isOpen ? 'open' : undefined}>
              <button
                type="button"
                className="component-line"
                aria-expanded={isOpen}
                onClick={() => open(isOpen ? null : index)}
              >
                <Icon name={isOpen ? 'down' : 'right'} size={14} />
                <span className="component-name">
                  <b className="strong">
                    {nameOf(language, component) || t('tariff.components.noName')}
                  </b>
                  <span className="second">{t(`tariff.kind.${component.kind}`)}</span>
                </span>
                {wrong > 0 && (
                  <span className="chip arrears">{t('tariff.faults', { count: wrong })}</span>
                )}
                {!wrong && state && (
                  <span className="chip plain">{t(`tariff.components.${state}`)}</span>
                )}
                <span className="component-price">{line(component)}</span>
              </button>
              {isOpen && (
                <div className="component-body">
                  <ComponentForm
                    component={component}
                    old={before?.components.find(({ code }) => code === component.code)}
                    index={index}
                    definition={definition}
                    commodity={commodity}
                    indexes={indexes}
                    lists={lists}
                    onChange={(next, group) =>
                      set(replaced(components, index, next), group && `${index}-${group}`)
                    }
                  />
                  <div className="component-acts">
                    <button
                      type="button"
                      className="button small"
                      disabled={index === 0}
                      onClick={() => move(index, -1)}
                    >
                      <Icon name="up" size={14} />
                      {t('tariff.components.up')}
                    </button>
                    <button
                      type="button"
                      className="button small"
                      disabled={index === components.length - 1}
                      onClick={() => move(index, 1)}
                    >
                      <Icon name="down" size={14} />
                      {t('tariff.components.down')}
                    </button>
                    <button
                      type="button"
                      className="button small"
                      disabled={components.length === 1}
                      onClick={() => {
                        set(components.filter((_, i) => i !== index));
                        open(null);
                      }}
                    >
                      <Icon name="bin" size={14} />
                      {t('tariff.components.remove')}
                    </button>
                  </div>
                </div>
              )}
            </li>
          );
        })}
        {gone?.map((component) => (
          <li key={component.code} className="component-gone">
            <s>{nameOf(language, component)}</s> {t('tariff.components.gone')}
          </li>
        ))}
      </ul>
      <div className="component-faults">
        <FaultLines at="/components" exact />
      </div>
    </section>
  );
}
