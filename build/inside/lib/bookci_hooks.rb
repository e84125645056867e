# frozen_string_literal: true

# Re:VIEW never looks at how a hook ended, and silently leaves out a hook that is
# missing or not executable. Both are reported to bookci.
module BookciHooks
  def call_hook(hook_name, *params, **options)
    known = $?
    result = super
    begin
      BookciHooks.report(hook_name, @config, options[:base_dir], $?.equal?(known) ? nil : $?)
    rescue StandardError, ScriptError
      nil
    end
    result
  end

  def self.report(hook_name, config, base_dir, status)
    file = config.dig(config.maker, hook_name)
    return unless file.is_a?(String) && !file.empty?

    if status
      event(hook_name, status.exitstatus || "signal-#{status.termsig}", file) unless status.success?
    else
      path = File.absolute_path(file, base_dir)
      if !File.exist?(path)
        event(hook_name, 'missing', file)
      elsif !File.executable?(path)
        event(hook_name, 'not-executable', file)
      end
    end
  end

  # One line shorter than a pipe's atomic write, or nothing when nobody reads.
  def self.event(*words)
    pipe = ENV['BOOKCI_EVENTS']
    return unless pipe

    File.open(pipe, File::WRONLY | File::NONBLOCK) do |f|
      f.syswrite("\x1ehook #{words.join(' ').tr("\n\r\x1e", '   ').byteslice(0, 2000)}\n")
    end
  end
end

ReVIEW::CallHook.prepend(BookciHooks)
