# frozen_string_literal: true

# Loaded into every Ruby of a session by RUBYOPT, so it must be next to nothing:
# it waits until the program defines one of the classes below and only then loads
# the file that watches it. A Ruby that is no maker (a hook, rake, gem) pays for
# this file alone. Nothing here may change what a program does or says.
begin
  if ENV['BOOKCI_OWN']
    watched = {
      'review/configure.rb' => ['ReVIEW::Configure', 'bookci_dates.rb'],
      'review/pdfmaker.rb' => ['ReVIEW::PDFMaker', 'bookci_positions.rb'],
      'review/call_hook.rb' => ['ReVIEW::CallHook', 'bookci_hooks.rb']
    }
    watched['review/pdfmaker.rb'] << 'bookci_first.rb' if ENV['BOOKCI_CHAPTER_FIRST']
    if ENV['BOOKCI_WAITS']
      %w[PDF EPUB WEB TEXT IDGXML].each do |kind|
        (watched["review/#{kind.downcase}maker.rb"] ||= ["ReVIEW::#{kind}Maker"]) << 'bookci_waits.rb'
      end
    end
    # :end fires when a class or module body ends. By then everything that the
    # file requires at its top has been defined as well.
    TracePoint.new(:end) do |point|
      begin
        _, (name, *files) = watched.find { |path, (class_name, _)| point.path.end_with?(path) && point.self.to_s == class_name }
        if name
          watched.delete_if { |_, (class_name, _)| class_name == name }
          point.disable if watched.empty?
          files.each { |file| load File.join(__dir__, file) }
        end
      rescue StandardError, ScriptError
        nil
      end
    end.enable
  end
rescue StandardError, ScriptError
  nil
end
